import type { Evaluation, Progress } from '../protocol.ts'
import type { BuiltIn, Settings } from '../settings.ts'

/** A task for the user, which is solved by a score on the test data under a condition. */
export interface Challenge {
  /** Its name in the storage of the browser. */
  id: string
  text: string
  problem: BuiltIn
  /** The test score (for hills: R²) that is needed. */
  score: number
  /** Whether network and settings are allowed. */
  allows(attempt: Attempt): boolean
}

export interface Attempt {
  settings: Settings
  /** The hidden neurons of the network that was scored. */
  neurons: number
  epoch: number
}

/** A limit on the hidden neurons, and no inputs but x and y, with which a problem would be easy. */
const atMost =
  (most: number) =>
  ({ neurons, settings }: Attempt) =>
    neurons <= most && onlyCoordinates(settings)

const onlyCoordinates = ({ features }: Settings) => features.every((name) => name === 'x' || name === 'y')
const withoutHidden = ({ neurons }: Attempt) => neurons === 0

export const challenges: readonly Challenge[] = [
  {
    id: 'circle-inputs',
    text: 'The circle without a hidden layer: 97 %',
    problem: 'circle',
    score: 0.97,
    allows: withoutHidden,
  },
  {
    id: 'xor-inputs',
    text: 'Exclusive or without a hidden layer: 97 %',
    problem: 'xor',
    score: 0.97,
    allows: withoutHidden,
  },
  {
    id: 'moons-3',
    text: 'Moons from x and y, with at most 3 hidden neurons: 97 %',
    problem: 'moons',
    score: 0.97,
    allows: atMost(3),
  },
  {
    id: 'spirals-3',
    text: 'Spirals from x and y, with at most 3 hidden neurons: 95 %',
    problem: 'spirals',
    score: 0.95,
    allows: atMost(3),
  },
  {
    id: 'xor-3',
    text: 'Exclusive or from x and y, with at most 3 hidden neurons: 95 %',
    problem: 'xor',
    score: 0.95,
    allows: atMost(3),
  },
  {
    id: 'hills-3',
    text: 'Hills from x and y, with at most 3 hidden neurons: R² of 95 %',
    problem: 'hills',
    score: 0.95,
    allows: atMost(3),
  },
  {
    id: 'circle-20',
    text: 'The circle from x and y, in at most 20 epochs: 95 %',
    problem: 'circle',
    score: 0.95,
    allows: ({ epoch, settings }) => epoch <= 20 && onlyCoordinates(settings),
  },
  {
    id: 'digits-8',
    text: 'Digits with at most 8 hidden neurons: 95 %',
    problem: 'digits',
    score: 0.95,
    allows: atMost(8),
  },
]

/** With fewer test examples, a good score may be luck. */
const MIN_TEST_SAMPLES = 50

/** Whether the report of a run solves the challenge. */
export function solves(
  challenge: Challenge,
  settings: Settings,
  { epoch, test, network }: Pick<Progress, 'epoch' | 'test' | 'network'>,
  evaluated: Pick<Evaluation, 'on' | 'error'> | undefined,
): boolean {
  const { samples, test: share, problem, points } = settings
  if (problem !== challenge.problem || points !== '' || epoch === 0) return false
  if (samples * share < MIN_TEST_SAMPLES) return false
  const r2 = evaluated?.on === 'held-out' ? evaluated.error?.r2 : undefined
  const score = problem === 'hills' ? r2 : test?.accuracy
  const neurons = network.sizes.slice(1, -1).reduce((sum, size) => sum + size, 0)
  return score !== undefined && score >= challenge.score && challenge.allows({ settings, neurons, epoch })
}
