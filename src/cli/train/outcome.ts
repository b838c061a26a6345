import { type CrossValidation, type Epoch, type Evaluation, type Outcome, type Profile } from '../../index.ts'
import { count, decimal, duration, percent, print } from '../output.ts'
import { profileTable } from '../profile.ts'
import { crossValidationJson, describeMean } from './folds.ts'

/** What a run came to. */
export interface Result {
  readonly backend: { readonly name: string; readonly description: string }
  readonly epochs: readonly Epoch[]
  readonly samples: number
  readonly seconds: number
  readonly outcome: Outcome | undefined
  readonly training: Evaluation
  readonly validation: Evaluation | null
  readonly model: string | undefined
  readonly report: string | undefined
  readonly profile: Profile | undefined
  /** With `--folds`. */
  readonly crossValidation: CrossValidation | undefined
}

const rate = ({ epochs, samples, seconds }: Result) => (epochs.length * samples) / seconds

/** For programs: one JSON object. */
export function printJson(result: Result): void {
  const { backend, epochs, seconds, outcome, training, validation, model, profile, crossValidation } = result
  const { bestEpoch, stopped } = outcome ?? {}
  print(
    JSON.stringify({
      backend,
      epochs: epochs.length,
      ...(bestEpoch != null && { bestEpoch, stoppedEarly: stopped === 'earlyStopping' }),
      steps: epochs.reduce((sum, { steps }) => sum + steps, 0),
      seconds,
      samplesPerSecond: rate(result),
      loss: training.loss,
      ...scoresOf(training),
      validation: validation && { loss: validation.loss, ...scoresOf(validation) },
      ...(crossValidation && { crossValidation: crossValidationJson(crossValidation) }),
      model: model ?? null,
      ...(profile && { profile }),
    }),
  )
}

/** The scores that the task has: accuracy for classes; with exactMatch for labels; R² and the mean absolute error. */
function scoresOf({ accuracy, exactMatch, r2, meanAbsoluteError }: Evaluation) {
  return { accuracy, exactMatch, r2, meanAbsoluteError }
}

/** For people. */
export function summarize(result: Result): void {
  const { epochs, seconds, outcome, training, validation, model, report, profile, crossValidation } = result
  const say = ({ loss, accuracy, exactMatch, r2 }: Evaluation) =>
    [
      `loss ${decimal(loss)}`,
      ...(accuracy === undefined ? [] : [`score ${percent(accuracy)}`]),
      ...(exactMatch === undefined ? [] : [`exact match ${percent(exactMatch)}`]),
      ...(r2 === undefined ? [] : [`R² ${decimal(r2)}`]),
    ].join(', ')
  print()
  print(
    `Trained ${count(epochs.length)} ${epochs.length === 1 ? 'epoch' : 'epochs'} in ${duration(seconds)}, ${count(Math.round(rate(result)))} samples/s`,
  )
  if (outcome?.bestEpoch != null) {
    const what = outcome.stopped === 'earlyStopping' ? 'Stopped early: the' : 'The'
    print(`${what} best epoch was ${count(outcome.bestEpoch)}, whose parameters are kept`)
  }
  print(`Training data    ${say(training)}`)
  if (validation) print(`Validation data  ${say(validation)}`)
  if (crossValidation) print(`Folds            ${describeMean(crossValidation)}`)
  if (model !== undefined) print(`Model            ${model}`)
  if (report !== undefined) print(`Report           ${report}`)
  if (profile) print(['', 'Where the time went', ...profileTable(profile)])
}
