import { type CrossValidation, crossValidate, DataStream, type Fold, type InitializerName, type Trainer } from '../../index.ts' // prettier-ignore
import { count, decimal, exitCodes, note, percent } from '../output.ts'
import type { PreparedData } from './data.ts'
import type { TrainOptions } from './options.ts'

interface FoldsRun {
  /** Its network has the form of the folds' networks, its backend trains them. */
  readonly trainer: Trainer
  readonly data: PreparedData
  readonly options: TrainOptions
  readonly init: InitializerName
  /** Prints a line, where text is printed. */
  readonly say: (line: string) => void
}

/**
 * Trains and scores the networks of a cross-validation, and prints a line for each. Ctrl-C stops it, a second one ends the
 * program at once.
 * @returns undefined without `--folds`
 */
export async function runFolds(run: FoldsRun): Promise<CrossValidation | 'interrupted' | undefined> {
  const { say } = run
  const { train } = run.data
  if (run.options.folds === undefined || train instanceof DataStream) return undefined
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  try {
    const { sizes, activations } = run.trainer.network
    const onFold = (fold: Fold) => {
      say(`Fold ${fold.fold}   ${describeFold(fold)}`)
    }
    const options = { ...foldsOptions(run), signal: controller.signal, onFold }
    const result = await crossValidate({ sizes, activations, init: run.init }, train, options)
    say(`Folds    ${describeMean(result)}; the network that follows is trained on all ${count(train.length)} samples`)
    return result
  } catch (error) {
    if (!controller.signal.aborted) throw error
    note('webgpu-mlp: interrupted while folds were trained; nothing was written')
    process.exitCode = exitCodes.interrupted
    return 'interrupted'
  } finally {
    process.off('SIGINT', interrupt)
  }
}

function foldsOptions({ trainer, data, options }: FoldsRun) {
  const { backend, loss, optimizer, batchSize, seed, network } = trainer
  const { folds, epochs, shuffle, standardize, normalize, classWeights, earlyStopping, minDelta, dropout, l1, l2 } =
    options
  return {
    ...{ backend, loss, optimizer, batchSize, seed, task: network.task, folds, epochs, shuffle },
    // As in the run that follows.
    standardizeTargets: data.targetScaling !== undefined,
    ...{ standardize, normalize, classWeights, l1, l2, dropout: dropout?.length === 1 ? dropout[0] : dropout },
    ...(earlyStopping !== undefined && { earlyStopping: { patience: earlyStopping, minDelta } }),
  }
}

function describeFold({ score, evaluation, samples }: Fold): string {
  return `${describeScore(score, evaluation.r2 !== undefined)}, loss ${decimal(evaluation.loss)}, ${count(samples.length)} samples`
}

const describeScore = (score: number, isRegression: boolean) =>
  isRegression ? `R² ${decimal(score)}` : `score ${percent(score)}`

/** 'score 96.2 % ± 1.3 % over 5 folds', for people. */
export function describeMean({ mean, deviation, scoreName, folds }: CrossValidation): string {
  const spread = scoreName === 'r2' ? decimal(deviation) : percent(deviation)
  return `${describeScore(mean, scoreName === 'r2')} ± ${spread} over ${count(folds.length)} folds`
}

/** For programs: without networks and histories. */
export function crossValidationJson({ folds, ...result }: CrossValidation): object {
  return {
    ...result,
    folds: folds.map(({ fold, score, seed, evaluation, history }) => {
      return { fold, score, seed, epochs: history.epochs.length, ...evaluation }
    }),
  }
}
