import { DataStream, type LoadedData, Matrix, type Trainer } from '../../index.ts'
import type { PreparedData } from './data.ts'

/** The data of a run on the trainer's device: each set is uploaded once, for training, scores and the report. */
export interface LoadedSets {
  /** With the weights of their classes, where there are any. */
  readonly train: LoadedData
  readonly validation: LoadedData | undefined
}

export async function loadSets(trainer: Trainer, { weighted, validation }: PreparedData): Promise<LoadedSets> {
  const train = await trainer.load(weighted)
  return { train, validation: validation && (await trainer.load(validation)) }
}

/** Scores on the training data. Class weights change the loss, so data with weights are scored without them. */
export function scoreTraining(trainer: Trainer, data: PreparedData, loaded: LoadedSets) {
  return trainer.evaluate(data.weighted === data.train ? loaded.train : data.train)
}

/** The outputs for the first `count` samples, from data on the device where they are there. */
export async function predictFirst(
  trainer: Trainer,
  data: PreparedData,
  loaded: LoadedSets,
  set: 'train' | 'validation',
  count: number,
): Promise<Matrix> {
  const source = data[set]
  const handle = loaded[set]
  if (!source || !handle) throw new Error(`there are no ${set} data`)
  if (source instanceof DataStream) return trainer.predict((await source.take(count)).inputs)
  const outputs = await trainer.predict(handle)
  const { cols, data: values } = outputs
  return new Matrix(count, cols, values.subarray(0, count * cols))
}
