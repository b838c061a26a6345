import type { HostRecipe } from '../../../backend/host/recipe.ts'
import { sharingObstacle } from '../../../backend/host/wasm/threads.ts'
import { BackendUnavailableError, InputError, OutOfMemoryError } from '../../../core/errors.ts'
import { Matrix } from '../../../core/matrix.ts'
import { Dataset } from '../../../data/dataset.ts'
import { type LearningRate, rateAt, type Schedule } from '../../../optimizer/schedule.ts'
import type { Job, JobResult, TrainingSetup } from '../jobs.ts'
import type { Combination, Member } from '../members.ts'
import type { Part } from '../parts.ts'

/** What is sent to the threads of a sweep and back: plain data, without functions and objects of the library's classes. */
export type ToThread =
  | { readonly kind: 'setup'; readonly setup: PlainSetup }
  | { readonly kind: 'jobs'; readonly batches: readonly (readonly PlainJob[])[] }

export type FromThread =
  | { readonly kind: 'ready' }
  /** In the order of the jobs. */
  | { readonly kind: 'results'; readonly results: readonly JobResult[]; readonly milliseconds: number }
  | { readonly kind: 'failed'; readonly error: PlainError }

/** A data set as networks take it; names of columns and preprocessing stay where the networks are used. */
interface PlainData {
  readonly inputs: PlainMatrix
  readonly targets: PlainMatrix
  readonly classes: readonly string[] | undefined
  readonly weights: Float32Array | undefined
}

type PlainMatrix = Pick<Matrix, 'rows' | 'cols' | 'data'>

interface PlainPart extends Pick<Part, 'number'> {
  readonly train: PlainData
  /** The same object as `train` where it is the same data set: messages keep that. */
  readonly validation: PlainData | undefined
}

interface PlainSetup extends Omit<TrainingSetup, 'backend' | 'signal' | 'replacement'> {
  readonly recipe: HostRecipe
  readonly parts: readonly PlainPart[]
}

/** A job for a member whose part is known by its number. */
interface PlainJob extends Omit<Job, 'member'> {
  readonly member: Omit<Member, 'part'> & { readonly part: number }
}

/** All threads read the same memory, where memory can be shared; elsewhere each gets a copy. */
function shareable(values: Float32Array): Float32Array {
  if (sharingObstacle() === undefined) {
    if (values.buffer instanceof SharedArrayBuffer) return values
    const shared = new Float32Array(new SharedArrayBuffer(values.byteLength))
    shared.set(values)
    return shared
  }
  // A view would be sent with everything that its buffer holds.
  return values.byteLength === values.buffer.byteLength ? values : values.slice()
}

const plainMatrix = ({ rows, cols, data }: Matrix): PlainMatrix => ({ rows, cols, data: shareable(data) })

const plainData = ({ inputs, targets, classes, weights }: Dataset): PlainData => ({
  inputs: plainMatrix(inputs),
  targets: plainMatrix(targets),
  classes,
  weights: weights && shareable(weights),
})

function datasetOf({ inputs, targets, classes, weights }: PlainData): Dataset {
  const matrix = ({ rows, cols, data }: PlainMatrix) => new Matrix(rows, cols, data)
  const data = Dataset.from(matrix(inputs), matrix(targets), { classes })
  return weights ? data.withWeights(weights) : data
}

export function plainSetup(
  { earlyStopping, dataMemory }: TrainingSetup,
  recipe: HostRecipe,
  parts: readonly Part[],
): PlainSetup {
  const known = new Map<Dataset, PlainData>()
  const plain = (data: Dataset) => {
    const made = known.get(data) ?? plainData(data)
    known.set(data, made)
    return made
  }
  const plainParts = parts.map(({ number, train, validation }): PlainPart => {
    return { number, train: plain(train), validation: validation && plain(validation) }
  })
  return { recipe, parts: plainParts, earlyStopping, dataMemory }
}

/** The parts of a message, by their numbers. */
export function partsOf({ parts }: PlainSetup): Map<number, Part> {
  const known = new Map<PlainData, Dataset>()
  const whole = (data: PlainData) => {
    const made = known.get(data) ?? datasetOf(data)
    known.set(data, made)
    return made
  }
  const wholeParts = parts.map(({ number, train, validation }): Part => {
    return { number, train: whole(train), validation: validation && whole(validation) }
  })
  return new Map(wholeParts.map((part) => [part.number, part]))
}

/** A schedule with its rates in the place of its functions. */
type PlainSchedule = Omit<Schedule, 'rate'> & { readonly rates: readonly number[] }

const plainCombinations = new WeakMap<Combination, Combination>()

export const plainJob = ({ member, ...job }: Job): PlainJob => ({
  ...job,
  member: { ...member, part: member.part.number, combination: plainCombination(member.combination) },
})

export const wholeJob = ({ member, ...job }: PlainJob, parts: ReadonlyMap<number, Part>): Job => ({
  ...job,
  member: { ...member, part: parts.get(member.part)!, combination: wholeCombination(member.combination) },
})

/** A combination that can be sent. */
function plainCombination(combination: Combination): Combination {
  const { learningRate, epochs } = combination.settings
  if (typeof learningRate === 'number') return combination
  let plain = plainCombinations.get(combination)
  if (!plain) {
    const rates = Array.from({ length: epochs }, (_, epoch) => rateAt(learningRate, epoch))
    const schedule = { ...(JSON.parse(JSON.stringify(learningRate)) as Schedule), rates }
    plain = withRate(combination, schedule)
    plainCombinations.set(combination, plain)
  }
  return plain
}

/** A combination that was sent, with the functions of its schedule. */
function wholeCombination(combination: Combination): Combination {
  const { learningRate } = combination.settings as { learningRate: number | PlainSchedule }
  if (typeof learningRate === 'number') return combination
  const { rates, ...schedule } = learningRate
  return withRate(combination, { ...schedule, rate: (epoch) => rates[epoch]! })
}

function withRate({ settings, placement, ...others }: Combination, learningRate: LearningRate): Combination {
  const optimizer = { ...settings.optimizer, learningRate }
  return { ...others, settings: { ...settings, optimizer, learningRate }, placement: { ...placement, optimizer } }
}

interface PlainError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
}

const errorClasses = { InputError, BackendUnavailableError, OutOfMemoryError, RangeError, TypeError, Error }

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined }
  const { name, message, stack } = error
  return { name, message, stack }
}

/** An error of a thread, of the class that it had there. */
export function errorOf({ name, message, stack }: PlainError): Error {
  const Class = name in errorClasses ? errorClasses[name as keyof typeof errorClasses] : Error
  const error = new Class(message)
  if (stack !== undefined) error.stack = stack
  return error
}
