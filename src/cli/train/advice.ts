import {
  adviseAfter,
  adviseBefore,
  adviseDiverged,
  DataStream,
  DivergedError,
  type LossName,
  type Network,
  type Optimizer,
} from '../../index.ts'
import { exampleOf } from '../data.ts'
import { note } from '../output.ts'
import type { PreparedData } from './data.ts'
import type { Result } from './outcome.ts'

/** The options of the command line that help. */
const remedies = {
  inputs: 'take --standardize',
  targets: 'take --standardize-targets',
  output: 'for regression use a linear output, such as --activation tanh,linear --loss meanSquaredError',
  clipping: 'clip the gradients (--clip-norm 1)',
}

/** A run of `train`. */
interface Advised {
  readonly network: Network
  readonly data: PreparedData
  readonly loss: LossName
}

/** Says before training what will probably keep the network from learning. */
export function noteBefore({ network, data, loss }: Advised): void {
  noteAll(adviseBefore(network, exampleOf(data.train), { loss, remedies }))
}

/** Says where a trained network is worse than an answer that ignores the inputs. */
export function noteAfter(
  { network, data, loss }: Advised,
  { epochs, training, validation }: Pick<Result, 'epochs' | 'training' | 'validation'>,
): void {
  if (data.train instanceof DataStream) return
  noteAll(adviseAfter(network, data.train, { loss, training, validation, epochs: epochs.length, remedies }))
}

function noteAll(sentences: readonly string[]): void {
  for (const sentence of sentences) note(`webgpu-mlp: note: ${sentence}`)
}

/** Trains; where that diverges, the error names the likely cause. */
export async function explainDivergence<T>(
  { network, data, loss, optimizer }: Advised & { readonly optimizer: Optimizer },
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    const hint = adviseDiverged(network, exampleOf(data.train), { loss, optimizer, remedies })
    const { epoch, minibatch, layer, weights, biases, cause } = error
    throw Object.assign(new DivergedError({ epoch, loss: error.loss, minibatch, layer, weights, biases, hint }), {
      cause,
    })
  }
}
