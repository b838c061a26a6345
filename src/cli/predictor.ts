import {
  decisionBoundary,
  Ensemble,
  type Matrix,
  type MatrixLike,
  Network,
  predictedClasses,
  Trainer,
  type TrainerOptions,
} from '../index.ts'
import { usualLoss } from './evaluate.ts'
import { checkEnsembleBackend } from './options.ts'

type Cell = string | number

/** What predicts from rows: a network on a backend, or an ensemble on the CPU. */
export interface Predictor {
  /** @returns for each row the values of the columns that {@link headOf} names */
  readonly predict: (inputs: MatrixLike) => Promise<Cell[][]>
  readonly dispose: () => void
}

export async function openPredictor(
  model: Network | Ensemble,
  backend: Pick<TrainerOptions, 'backend' | 'threads'>,
): Promise<Predictor> {
  if (model instanceof Ensemble) {
    checkEnsembleBackend(backend)
    return { predict: (inputs) => Promise.resolve(rowsOfEnsemble(model, inputs)), dispose: () => undefined }
  }
  const trainer = await Trainer.create(model, { ...backend, loss: usualLoss(model) })
  return {
    predict: async (inputs) => rowsOf(model, await trainer.predict(inputs)),
    dispose: () => {
      trainer.dispose()
    },
  }
}

/**
 * The names of the columns: a class, or the labels that are true, and the share of each class or label; of regression
 * targets the values, several called as the targets are, or `prediction u` beside a column `u` of the file that is kept.
 * An ensemble has one more for classes, the share of its networks that agree, and else the deviation of each output.
 */
export function headOf(model: Network | Ensemble, kept: readonly string[] = []): string[] {
  const { classes, targetNames } = model
  const isEnsemble = model instanceof Ensemble
  const outputs = isEnsemble ? model.outputs : model.sizes.at(-1)!
  const named = classes && (outputs === 1 ? [classes[1] ?? 'answer'] : classes)
  if (named && model.task !== 'multilabel') return ['prediction', ...named, ...(isEnsemble ? ['agreement'] : [])]
  const names = named ?? (outputs === 1 ? undefined : targetNames)
  const deviation = (name: string) => (outputs === 1 ? 'deviation' : `deviation ${name}`)
  const numbered = Array.from({ length: outputs }, (_, j) => names?.[j] ?? String(j + 1))
  const deviations = isEnsemble ? numbered.map(deviation) : []
  if (named) return ['prediction', ...named, ...deviations]
  if (outputs === 1) return ['prediction', ...deviations]
  const values = names?.map((name) => (kept.includes(name) ? `prediction ${name}` : name))
  return [...(values ?? numbered.map((name) => `prediction ${name}`)), ...deviations]
}

function rowsOf(network: Network, answers: Matrix): Cell[][] {
  const { classes } = network
  const rows = roundRows(answers)
  if (!classes) return rows
  const boundary = decisionBoundary(network)
  if (network.task === 'multilabel') {
    return rows.map((row) => [classes.filter((_, j) => row[j]! > boundary).join(';'), ...row])
  }
  const predicted = predictedClasses(answers, { boundary })
  return rows.map((row, i) => [classes[predicted[i]!] ?? '', ...row])
}

function rowsOfEnsemble(ensemble: Ensemble, inputs: MatrixLike): Cell[][] {
  const { mean, deviation } = ensemble.predictWithSpread(inputs)
  const rows = rowsOf(ensemble.networks[0]!, mean)
  if (ensemble.classes && ensemble.task !== 'multilabel') {
    return ensemble.classify(inputs).map(({ agreement }, i) => [...rows[i]!, round(agreement)])
  }
  const deviations = roundRows(deviation)
  return rows.map((row, i) => [...row, ...deviations[i]!])
}

const round = (value: number) => Number(value.toPrecision(7))
const roundRows = (matrix: Matrix) => matrix.toArray().map((row) => row.map(round))
