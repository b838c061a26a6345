import type { Matrix } from '../../core/matrix.ts'
import type { Layer } from '../../model/layout.ts'
import type { Network } from '../../model/network.ts'
import {
  type Arithmetic,
  type Capacity,
  type DataHandle,
  type DataSource,
  type EpochOrder,
  type Placement,
  type PlacementSettings,
  type Snapshot,
  type Sums,
  type Trace,
  underway,
  type Underway,
} from '../backend.ts'
import type { Fault } from '../fault.ts'
import { explainDifference } from '../arithmetic.ts'
import { explainRefusedArray, fewerRows, resultArray } from '../../core/memory.ts'
import { Engine, type TrainingSource } from './engine.ts'
import { yieldToEventLoop } from './event-loop.ts'
import { checkHostMemory, hostNeeds, machineMemory } from './limits.ts'
import type { Stages, StageSet } from './stage-set.ts'
import type { Values } from '../../core/values.ts'
import type { Workspace } from './workspace.ts'

/** Scoring and prediction go through the data in pieces of about this many values per layer. */
const PIECE_VALUES = 1 << 18

/** A data set in host memory: its own arrays are read where they are. */
class HostData implements DataHandle {
  readonly source: DataSource
  readonly memory = 0
  readonly #stages: Stages

  constructor(source: DataSource, stages: Stages) {
    this.source = source
    this.#stages = stages
  }

  get samples(): number {
    return this.source.inputs.rows
  }

  dispose(): void {
    this.#stages.release?.(this.source)
  }
}

function sourceOf(handle: DataHandle): DataSource {
  if (handle instanceof HostData) return handle.source
  throw new Error('the data were uploaded to another backend')
}

const hasTargets = (source: DataSource): source is TrainingSource => source.targets !== undefined

function trainingSourceOf(handle: DataHandle): TrainingSource {
  const source = sourceOf(handle)
  if (hasTargets(source)) return source
  throw new Error('the data were uploaded without targets')
}

/** A network in host memory, computed by a set of stages. */
export class HostPlacement implements Placement {
  readonly #layers: readonly Layer[]
  readonly #engine: Engine
  /** For data that are not trained on; made when it is first needed. */
  #pieces: Workspace | undefined
  /** The epoch whose loss was not finite, until the parameters are read or written. */
  #failed: { readonly data: TrainingSource; readonly epoch: EpochOrder } | undefined

  readonly arithmetic: Arithmetic

  private constructor(layers: readonly Layer[], engine: Engine, backend: string, form?: string) {
    const precision = engine.stages.parameters instanceof Float64Array ? 'float64' : 'float32'
    this.arithmetic = { backend, form: form ?? precision }
    this.#layers = layers
    this.#engine = engine
  }

  static async place(
    backend: string,
    set: StageSet,
    network: Network,
    settings: PlacementSettings,
  ): Promise<HostPlacement> {
    const { layers, parameters } = network
    const needs = hostNeeds(layers, settings, set.valueBytes ?? 4)
    checkHostMemory(backend, needs, [...(set.memoryLimit ? [set.memoryLimit] : []), machineMemory()])
    let stages: Stages | undefined
    try {
      stages = await set.open({ layers, settings })
      stages.parameters.set(parameters)
      const engine = new Engine(layers, settings, stages)
      engine.resetState()
      return new HostPlacement(layers, engine, backend, set.form)
    } catch (error) {
      stages?.dispose()
      throw explainRefusedArray(error, `backend '${backend}', a network`, needs.bytes, needs.remedy)
    }
  }

  get capacity(): Capacity {
    const heldBytes = () => this.#engine.bytes + (this.#pieces?.bytes ?? 0)
    return {
      // Counted when it is asked for: small networks need the rest after every few epochs.
      get held() {
        return heldBytes()
      },
      bytesOf: (data) => this.#engine.stages.dataBytes?.(data) ?? 0,
      bytesToScore: (samples) => this.#bytesToScore(samples),
      rowsWithin: () => Infinity,
      epochs: ({ samples }, batchSize) => {
        const together = this.#engine.epochsTogether(Math.ceil(samples / batchSize))
        return { together, ahead: together }
      },
    }
  }

  adopt(earlier: Arithmetic): Promise<string | undefined> {
    const { backend, form } = this.arithmetic
    const isSame = earlier.backend === backend && earlier.form === form
    return Promise.resolve(isSame ? undefined : explainDifference(earlier, this.arithmetic))
  }

  #bytesToScore(samples: number): number {
    const rows = this.#pieceRows(samples)
    if (rows <= (this.#pieces?.rows ?? 0)) return 0
    const { stages } = this.#engine
    const bytes = stages.workspaceBytes?.(rows) ?? stages.makeWorkspace(rows, false).bytes
    const { rows: held, bytes: heldBytes } = this.#pieces ?? { rows: 0, bytes: 0 }
    return bytes - (held > 0 ? (stages.workspaceBytes?.(held) ?? heldBytes) : 0)
  }

  #pieceRows(samples: number): number {
    const widest = Math.max(...this.#layers.map(({ inputs, outputs }) => Math.max(inputs, outputs)))
    return Math.min(samples, Math.max(1, Math.floor(PIECE_VALUES / widest)))
  }

  upload(data: DataSource): Promise<DataHandle> {
    return Promise.resolve(new HostData(data, this.#engine.stages))
  }

  train(data: DataHandle, epochs: readonly EpochOrder[]): Underway<Sums[]> {
    return underway(async () => {
      const source = trainingSourceOf(data)
      const result: Sums[] = []
      for (const epoch of epochs) {
        if (this.#failed) break
        const sums = await this.#engine.trainEpoch(source, epoch)
        result.push(sums)
        if (!Number.isFinite(sums.loss)) this.#failed = { data: source, epoch }
      }
      return { result }
    })
  }

  async locateFault(): Promise<Fault | undefined> {
    return this.#failed && this.#engine.locateFault(this.#failed.data, this.#failed.epoch)
  }

  score(data: DataHandle, countsLabels = false): Underway<Sums> {
    return underway(async () => {
      const source = trainingSourceOf(data)
      const result: Sums = { loss: 0, right: 0, samples: source.inputs.rows }
      await this.#inPieces(source, (space, rows) => {
        const { loss, right } = this.#engine.outputDelta(space, rows, countsLabels)
        result.loss += loss
        result.right += right
      })
      return { result }
    })
  }

  async outputs(data: DataHandle): Promise<Float32Array> {
    const { inputs } = sourceOf(data)
    const columns = this.#layers.at(-1)!.outputs
    const outputs = resultArray('outputs', inputs.rows * columns, fewerRows)
    await this.#inPieces({ inputs }, (space, rows, start) => {
      outputs.set(space.a.at(-1)!.subarray(0, rows * columns), start * columns)
    })
    return outputs
  }

  /** Forward over all rows, a piece at a time. */
  async #inPieces(
    source: { readonly inputs: Matrix } & DataSource,
    use: (space: Workspace, rows: number, start: number) => void,
  ): Promise<void> {
    this.#engine.checkDisposed()
    const samples = source.inputs.rows
    const space = this.#piecesFor(samples)
    for (let start = 0; start < samples; start += space.rows) {
      const rows = Math.min(space.rows, samples - start)
      space.take(source, start, rows)
      this.#engine.forward(space, rows)
      use(space, rows, start)
      if (start + rows < samples) {
        await yieldToEventLoop()
        this.#engine.checkDisposed()
      }
    }
  }

  #piecesFor(samples: number): Workspace {
    const rows = this.#pieceRows(samples)
    if (this.#pieces && this.#pieces.rows >= rows) return this.#pieces
    const { stages } = this.#engine
    if (this.#pieces) stages.freeWorkspace?.(this.#pieces)
    this.#pieces = undefined
    this.#pieces = stages.makeWorkspace(rows, false)
    return this.#pieces
  }

  trace(minibatch: DataSource): Promise<Trace> {
    this.#engine.checkDisposed()
    const rows = minibatch.inputs.rows
    const { stages } = this.#engine
    const space = stages.makeWorkspace(rows, false)
    space.take(minibatch, 0, rows)
    this.#engine.forward(space, rows)
    const { loss } = this.#engine.outputDelta(space, rows)
    this.#engine.backward(space, rows)
    // Copies, because the set may use the memory of the workspace again.
    const copies = (arrays: readonly Values[]) => arrays.map((values) => values.slice())
    const trace = {
      loss: loss / rows,
      weightedInputs: copies(space.z),
      activations: copies(space.a),
      deltas: copies(space.deltas),
      gradient: stages.gradients.slice(),
    }
    stages.freeWorkspace?.(space)
    return Promise.resolve(trace)
  }

  readParameters(): Promise<Float32Array> {
    this.#failed = undefined
    return Promise.resolve(Float32Array.from(this.#engine.stages.parameters))
  }

  read(): Promise<Snapshot> {
    this.#failed = undefined
    const { parameters, state } = this.#engine.stages
    return Promise.resolve({ parameters: parameters.slice(), state: state.slice() })
  }

  write({ parameters, state }: { parameters: Snapshot['parameters']; state?: Snapshot['state'] }): Promise<void> {
    this.#engine.checkDisposed()
    const { stages } = this.#engine
    this.#failed = undefined
    stages.parameters.set(parameters)
    if (state) stages.state.set(state)
    else this.#engine.resetState()
    return Promise.resolve()
  }

  dispose(): void {
    this.#engine.dispose()
  }
}
