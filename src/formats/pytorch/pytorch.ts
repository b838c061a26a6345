import { checkInstance, InputError } from '../../core/errors.ts'
import { boolean, type Fields, integer, kind, pickOptions, readOptions, withDefault } from '../../core/schema.ts'
import { Dataset } from '../../data/dataset.ts'
import { splitParameters } from '../../model/layout.ts'
import type { Network } from '../../model/network.ts'
import { newPlateau, rateWith } from '../../optimizer/schedule.ts'
import { checkCheckpoint, type Checkpoint } from '../../training/checkpoint.ts'
import { describeFit } from '../../training/decide-task.ts'
import { trainerSchema, type TrainerOptions } from '../../training/options.ts'
import { adoptPreprocessing } from '../../training/prepared.ts'
import { checkSameRun } from '../../training/same-run.ts'
import { checkSettings, type Settings, takeData } from '../../training/settings.ts'
import { checkNetwork } from '../check.ts'
import { toNpy } from '../npy.ts'
import { toSafetensors } from '../safetensors.ts'
import { type Tensor, writeTensors } from '../safetensors-file.ts'
import { slotNames, writeProgram } from './program.ts'

/** What {@link toPyTorch} takes: how the network is trained, as a trainer and `fit` take it. */
export interface PyTorchOptions extends Pick<
  TrainerOptions,
  'loss' | 'optimizer' | 'batchSize' | 'seed' | 'l1' | 'l2' | 'dropout'
> {
  /** The epochs that the program trains unless `--epochs` gives another number. Default 10. */
  epochs?: number | undefined
  /** Default true: the order of each epoch is that of this library. */
  shuffle?: boolean | undefined
  /**
   * Training continues from it: with its parameters, optimizer state, epoch and learning rate. The other options are those of its
   * run, as for {@link Trainer.resume}.
   */
  checkpoint?: Checkpoint | undefined
}

const { loss, optimizer, batchSize, seed, l1, l2, dropout } = trainerSchema.fields
const trainerFields = { loss, optimizer, batchSize, seed, l1, l2, dropout }

export const toPyTorchSchema = {
  name: 'toPyTorch',
  fields: {
    ...trainerFields,
    epochs: withDefault(integer(1), 10),
    shuffle: withDefault(boolean, true),
    checkpoint: {
      ...kind<Checkpoint>((_, value) => {
        checkCheckpoint(value)
        return value
      }),
      absent: () => undefined,
    },
  } satisfies Fields<PyTorchOptions>,
}

/** The files that {@link toPyTorch} makes, by their names: text or bytes. */
export type PyTorchFiles = Record<string, string | Uint8Array>

/**
 * A program that continues the training in PyTorch, with the same loss and optimizer, alone or on several machines with
 * `torchrun` (DistributedDataParallel); files for one folder:
 *
 * - `train.py`: needs PyTorch and NumPy. Each process takes its share of each minibatch, and the step is that of the whole;
 *   samples are visited in the order of this library. Its first losses equal those of {@link Trainer.fit} up to the rounding of
 *   float32, except with dropout, which drops other units there. A plateau schedule watches the loss of the training data.
 * - `model.safetensors`: the network, see {@link toSafetensors}.
 * - `inputs.npy`, `targets.npy`: the samples, encoded and scaled as the network takes them; `weights.npy` if they have weights.
 * - `optimizer.safetensors`: of a checkpoint, the state of the optimizer.
 *
 * Nothing is changed in the network.
 * @param network the network whose training continues, from its parameters or, with a `checkpoint`, from those in it
 * @param data the samples to train on, as {@link Trainer.fit} takes them
 * @param options `loss`, `optimizer`, `batchSize`, `seed`, `l1`, `l2` and `dropout`, with the defaults of
 *   {@link Trainer.create}; the number of `epochs` (default 10); `shuffle` (default true); and a `checkpoint` to
 *   continue from (default none)
 * @throws InputError for options or data that do not go with the network, and a checkpoint of another run
 * @example
 * const files = toPyTorch(network, train, { optimizer: adam({ learningRate: 0.01 }), batchSize: 64, seed: 1 })
 * for (const [name, content] of Object.entries(files)) await writeFile(name, content)
 * // torchrun --nproc_per_node=2 train.py --epochs 10
 */
export function toPyTorch(network: Network, data: Dataset, options: PyTorchOptions = {}): PyTorchFiles {
  checkNetwork(network)
  checkInstance('data', data, Dataset, 'Dataset', ' (Dataset.from(x, y) makes one)')
  const { epochs, shuffle, checkpoint, ...given } = readOptions(toPyTorchSchema, options)
  const { settings } = checkSettings(network, pickOptions(given, trainerFields))
  const copy = network.clone()
  if (checkpoint) restore(copy, settings, checkpoint)
  const samples = takeData({ network: copy, loss: settings.loss }, data, 'data')
  adoptPreprocessing(copy, samples)
  describeFit(copy, settings.loss, samples)
  const { epoch = 0, step = 0, plateau = newPlateau(), snapshot } = checkpoint ?? {}
  const { learningRate } = settings.optimizer
  const rates = Array.from({ length: typeof learningRate === 'number' ? 1 : epochs }, (_, i) =>
    rateWith(learningRate, epoch + i, newPlateau()),
  )
  const rule = typeof learningRate === 'number' ? undefined : learningRate.plateau
  const slots = snapshot ? slotNames(settings.optimizer) : []
  const { inputs, targets, weights } = samples
  return {
    'train.py': writeProgram(copy, {
      ...settings,
      epochs,
      shuffle,
      epoch,
      step,
      rates,
      plateau: rule && { rule, state: plateau },
      hasState: slots.length > 0,
      hasWeights: weights !== undefined,
    }),
    'model.safetensors': toSafetensors(copy),
    'inputs.npy': toNpy(inputs),
    'targets.npy': toNpy(targets),
    ...(weights && { 'weights.npy': toNpy({ shape: [weights.length], data: weights }) }),
    ...(slots.length > 0 && { 'optimizer.safetensors': stateFile(copy, slots, snapshot!.state) }),
  }
}

/** Puts the parameters of a checkpoint into the network. @throws InputError for a checkpoint of another run */
function restore(network: Network, settings: Settings, { snapshot, begun, ...checkpoint }: Checkpoint): void {
  const { loss, optimizer, batchSize, seed, l1, l2, dropout } = settings
  const { sizes, activations, parameters } = network
  if (begun) throw new InputError('checkpoint: it was made within an epoch; expected one from the end of an epoch')
  checkSameRun({ sizes, activations, loss, optimizer, batchSize, l1, l2, dropout }, checkpoint, seed)
  const count = parameters.length
  const slots = slotNames(optimizer).length
  if (snapshot.parameters.length !== count || snapshot.state.length !== slots * count) {
    throw new InputError(
      `checkpoint: expected ${count} parameters and ${slots * count} numbers of state, ` +
        `got ${snapshot.parameters.length} and ${snapshot.state.length}`,
    )
  }
  parameters.set(snapshot.parameters)
}

/** The slots of the state, each as tensors with the names of the parameters. */
function stateFile({ layers, parameters }: Network, slots: readonly string[], state: ArrayLike<number>): Uint8Array {
  const tensors = new Map<string, Tensor>()
  const values = Float32Array.from(state)
  slots.forEach((slot, s) => {
    const own = values.subarray(s * parameters.length, (s + 1) * parameters.length)
    const { weights, biases } = splitParameters(layers, own)
    layers.forEach(({ inputs, outputs }, l) => {
      tensors.set(`${slot}.${2 * l}.weight`, { shape: [outputs, inputs], values: weights[l]! })
      tensors.set(`${slot}.${2 * l}.bias`, { shape: [outputs], values: biases[l]! })
    })
  })
  return writeTensors({ tensors, metadata: { format: 'webgpu-mlp' } })
}
