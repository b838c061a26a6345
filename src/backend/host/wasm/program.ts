import type { Layer } from '../../../model/layout.ts'
import type { Addresses, ProgramSettings } from './addresses.ts'
import { type I32 } from './assembler/expression.ts'
import { f32, f64, i32, int } from './assembler/scalars.ts'
import type { Body, Local } from './assembler/function.ts'
import { ModuleWriter } from './assembler/module.ts'
import { defineAbort, defineBarrier, field, fields } from './control.ts'
import { activationFormulas } from './formulas/activations.ts'
import { defineGather, type Gather } from './gather.ts'
import { defineOutputDelta, defineSoftmax, type OutputDelta, type Softmax } from './outputs.ts'
import { defineForward, type Forward, forwardScratch } from './products/forward.ts'
import { defineGradient, type Gradient, gradientScratch } from './products/gradient.ts'
import { defineHiddenDelta, type HiddenDelta, hiddenDeltaScratch } from './products/hidden-delta.ts'
import { at, partOf, type Target, type WasmLayer } from './products/layer.ts'
import { defineStraightWork, isStraight, straightScratch } from './straight.ts'
import { defineUpdates, type Updates } from './updates.ts'

/** Bytes of scratch memory of one thread. */
export function scratchBytes(layers: readonly Layer[], batchSize: number): number {
  const sizes = layers.flatMap((layer) => [
    forwardScratch(layer),
    hiddenDeltaScratch(layer),
    gradientScratch(batchSize, layer),
  ])
  const straight = straightScratch(layers)
  return Math.ceil((Math.max(...sizes, straight) + 64) / 64) * 64
}

function wasmLayers({ layers, addresses, kit }: ProgramSettings): WasmLayer[] {
  const { parameters, gradients } = addresses
  return layers.map(({ inputs, outputs, activation, weightOffset, biasOffset }) => {
    const formulas = activation === 'softmax' || activation === 'linear' ? undefined : activationFormulas[activation]
    return {
      inputs,
      outputs,
      weights: parameters + 4 * weightOffset,
      biases: parameters + 4 * biasOffset,
      weightGradients: gradients + 4 * weightOffset,
      biasGradients: gradients + 4 * biasOffset,
      value: formulas && ((body, z) => formulas.value(kit, body, z)),
      derivative: formulas && ((body, z, a) => formulas.derivative(kit, body, z, a)),
    }
  })
}

/** The procedures of the stages, by layer. */
interface StageProcedures {
  readonly forward: readonly Forward[]
  readonly softmax: Softmax | undefined
  readonly outputDelta: OutputDelta
  /** δ of layer l from that of layer l + 1. */
  readonly hiddenDelta: readonly HiddenDelta[]
  /** ∂C/∂W and ∂C/∂b, stored. */
  readonly gradient: readonly Gradient[]
}

/**
 * The code of a placed network: the stages one at a time, called by the host, and `work`, which trains minibatches as the
 * control block says, on all threads.
 */
export function writeProgram(program: ProgramSettings): Uint8Array<ArrayBuffer> {
  const { layers, settings, addresses, kit } = program
  const module = new ModuleWriter({ isShared: true })
  const target: Target = { module, kit, batchSize: settings.batchSize }
  const wasm = wasmLayers(program)
  const last = layers.at(-1)!
  const procedures: StageProcedures = {
    forward: wasm.map((layer) => defineForward(target, layer)),
    softmax: last.activation === 'softmax' ? defineSoftmax(target, last.outputs) : undefined,
    outputDelta: defineOutputDelta(target, last, settings.loss),
    hiddenDelta: wasm.slice(1).map((next, l) => defineHiddenDelta(target, next, wasm[l]!.derivative)),
    gradient: wasm.map((layer) => defineGradient(target, layer, undefined)),
  }
  const updates = defineUpdates(target, program)
  exportStages(module, procedures, updates, addresses)
  if (isStraight(layers, settings)) {
    defineStraightWork(module, program, updates)
    return module.finish()
  }
  const { descent } = updates
  const steps = descent ? wasm.map((layer) => defineGradient(target, layer, descent)) : procedures.gradient
  defineWork(program, module, procedures, updates, steps)
  return module.finish()
}

/** The stages for one thread, as the host calls them. */
function exportStages(module: ModuleWriter, procedures: StageProcedures, updates: Updates, addresses: Addresses): void {
  const { forward, softmax, outputDelta, hiddenDelta, gradient } = procedures
  const scratch = int(addresses.scratch)
  const [thread, threads] = [int(0), int(1)]
  forward.forEach((procedure, l) => {
    module.procedure(`forward${l}`, ['i32', 'i32', 'i32', 'i32'], (body, [x, z, a, rows]) => {
      body.call(procedure, x, z, a, rows, scratch, thread, threads)
      if (softmax && l === forward.length - 1) body.call(softmax, z, a, int(0), rows)
    })
  })
  const outputTypes = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  module.procedure('outputDelta', outputTypes, (body, [z, a, targets, weights, deltas, scores, labels, rows]) => {
    body.call(outputDelta, z, a, targets, weights, deltas, scores, labels, int(0), rows)
  })
  hiddenDelta.forEach((procedure, l) => {
    module.procedure(`hiddenDelta${l}`, ['i32', 'i32', 'i32', 'i32', 'i32'], (body, [above, z, a, delta, rows]) => {
      body.call(procedure, above, z, a, delta, rows, scratch, thread, threads)
    })
  })
  gradient.forEach((procedure, l) => {
    module.procedure(`gradient${l}`, ['i32', 'i32', 'i32', 'i32'], (body, [deltas, below, rows, space]) => {
      body.call(procedure, deltas, below, rows, f32.constant(0), space, thread, threads)
    })
  })
  module.procedure('update', ['i32'], (body, [scalars]) => updates.update(body, scalars, { thread, threads }))
}

/** The training loop: minibatches from the place `first` of the order up to `end`, a barrier after each stage. */
function defineWork(
  { layers, settings, addresses }: ProgramSettings,
  module: ModuleWriter,
  { forward, softmax, outputDelta, hiddenDelta }: StageProcedures,
  updates: Updates,
  gradient: readonly Gradient[],
): void {
  const { control, inputs, targets, weights, scores, z, a, deltas, below } = addresses
  const last = layers.length - 1
  const gatherInputs = defineGather(module, layers[0]!.inputs)
  const gatherTargets = defineGather(module, layers[last]!.outputs)
  const gatherWeights = defineGather(module, 1)
  const wait = defineBarrier(module, control)
  defineAbort(module, control)
  const bytes = scratchBytes(layers, settings.batchSize)
  module.procedure('work', ['i32'], (body, [thread]) => {
    const read = (name: keyof typeof fields) => field(body, control, name)
    const [place, end, batchSize, order, step] = [read('first'), read('end'), read('batchSize'), read('order'), read('step')] // prettier-ignore
    const [threads, scalars, weightsFrom] = [read('threads'), read('scalars'), read('weights')]
    const [labels, stride] = [read('countsLabels'), read('scalarStride')]
    const [inputsFrom, targetsFrom] = [read('inputs'), read('targets')]
    const scratch = at(body, int(addresses.scratch), thread, bytes)
    const sums = makeSums(body, control)
    const rowWeights = body.keep(i32.select(int(weights), int(0), weightsFrom))
    const rows = body.local('i32')
    const barrier = () => body.if(i32.gtS(threads, int(1)), () => body.call(wait, thread))
    const share = [scratch, thread, threads] as const
    body.while(
      () => i32.ltS(place, end),
      () => {
        const left = i32.sub(end, place)
        body.set(rows, i32.select(batchSize, left, i32.ltS(batchSize, left)))
        const part = partOf(body, rows, thread, threads)
        const named = at(body, order, place, 4)
        const gather = (procedure: Gather, from: I32, to: number) =>
          body.call(procedure, from, named, int(to), part.first, part.end)
        gather(gatherInputs, inputsFrom, inputs)
        gather(gatherTargets, targetsFrom, targets)
        body.if(weightsFrom, () => gather(gatherWeights, weightsFrom, weights))
        barrier()
        for (let l = 0; l <= last; l++) {
          body.call(forward[l]!, int(below[l]!), int(z[l]!), int(a[l]!), rows, ...share)
          barrier()
          if (l < last) updates.dropActivations(body, l, step, part, barrier)
        }
        const [zs, as] = [int(z[last]!), int(a[last]!)]
        if (softmax) body.call(softmax, zs, as, part.first, part.end)
        body.call(outputDelta, zs, as, int(targets), rowWeights, int(deltas[last]!), int(scores), labels, part.first, part.end) // prettier-ignore
        barrier()
        body.if(i32.eqz(thread), () => sums.add(int(scores), rows))
        for (let l = last; l >= 0; l--) {
          if (l > 0) {
            const above = int(deltas[l]!)
            body.call(hiddenDelta[l - 1]!, above, int(z[l - 1]!), int(a[l - 1]!), int(deltas[l - 1]!), rows, ...share)
            barrier()
            updates.dropDeltas(body, l - 1, step, part, barrier)
          }
          body.call(gradient[l]!, int(deltas[l]!), int(below[l]!), rows, f32.load(scalars), ...share)
        }
        updates.finish(body, scalars, { thread, threads }, barrier)
        barrier()
        body.increase(place, batchSize)
        body.increase(scalars, stride)
        body.increase(step, 1)
      },
    )
    body.if(i32.eqz(thread), () => sums.store())
  })
}

/** The sums of loss and correct predictions of the epoch, added row by row in float64. */
function makeSums(body: Body, control: number) {
  const loss = body.keep(f64.load(int(control + fields.loss)))
  const right = body.keep(f64.load(int(control + fields.right)))
  const score = body.local('i32')
  return {
    add(scores: I32, rows: Local<'i32'>) {
      const index = body.local('i32')
      body.set(score, scores)
      body.for(index, int(0), rows, 1, () => {
        body.set(loss, f64.add(loss, f64.load(score)))
        body.set(right, f64.add(right, f64.load(score, 8)))
        body.increase(score, 16)
      })
    },
    store() {
      body.do(f64.store(int(control + fields.loss), loss))
      body.do(f64.store(int(control + fields.right), right))
    },
  }
}
