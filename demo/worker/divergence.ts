import { type Autopsy, describeAutopsy, type DivergedError, type Fix } from '../../src/index.ts'
import type { DivergenceMessage } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { adviceDiverged, asSentence, remediesFor } from './advice.ts'
import type { Run } from './run.ts'

/** What decides which fixes there are. */
type Circumstances = Pick<Run, 'settings' | 'prepared'>

/** The learning rate of adam that goes with most networks. */
const ADAM_RATE = 0.01

/** What the page shows of a training that diverged. */
export function describeDivergence({ epoch, layer, autopsy }: DivergedError, run: Run): DivergenceMessage {
  const layers = run.network.layers.length
  const where = layer === undefined ? '' : layer === layers ? ' in the output layer' : ` in hidden layer ${layer}`
  const what = `In epoch ${epoch.toLocaleString('en')} the numbers${where} grew until they were too large to calculate with.`
  if (!autopsy) return { type: 'diverged', what, why: undefined, help: adviceDiverged(run), changed: undefined }
  return { type: 'diverged', what, ...describeCause(autopsy, run), changed: changesOf(autopsy.fix, run) }
}

/** Why a training diverged and what helps, as sentences. */
export function describeCause(autopsy: Autopsy, around: Circumstances) {
  const { evidence, hint } = describeAutopsy(autopsy, wordsFor(autopsy, around))
  return { why: asSentence(readable(evidence)), help: asSentence(readable(hint)) }
}

/** What helps in the words of the page; rows have other numbers in the file than among the samples that are trained on. */
function wordsFor({ fix }: Autopsy, around: Circumstances) {
  const changed = changesOf(fix, around)
  const many = fix.rows && fix.rows.length > 1
  return {
    ...remediesFor(around),
    learningRate: 'set the learning rate to',
    l1: 'set the l1 penalty to',
    l2: 'set the l2 penalty to',
    ...(changed?.optimizer && { clipping: `choose the optimizer adam with the learning rate ${ADAM_RATE}` }),
    row: 'one sample',
    rows: many
      ? `correct such values in the data, or leave out the ${fix.rows.length} samples that have them`
      : 'correct this value in the data, or leave the sample out',
  }
}

/** The settings of the page that a fix changes; undefined where it needs another change. */
export function changesOf(fix: Fix, { settings, prepared }: Circumstances): Partial<Settings> | undefined {
  const { learningRate, l1, l2, standardize, standardizeTargets, clipNorm, ...others } = fix
  const hasOthers = Object.values(others).some((value) => value !== undefined)
  // Pictures and built-in data have no switch.
  const hasSwitches = settings.problem === 'file' && prepared.columns.length > 0
  const isClipped = clipNorm !== undefined
  if (hasOthers || ((standardize ?? standardizeTargets) && !hasSwitches)) return undefined
  if (isClipped && settings.optimizer === 'adam') return undefined
  return {
    ...(learningRate !== undefined && { learningRate }),
    ...(l1 !== undefined && { l1 }),
    ...(l2 !== undefined && { l2 }),
    ...(standardize && { scaleInputs: true }),
    ...(standardizeTargets && { scaleTargets: true }),
    ...(isClipped && { optimizer: 'adam', learningRate: ADAM_RATE }),
  }
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** Numbers with exponents as people write them: 2e+30 is 2 × 10³⁰. */
const readable = (text: string) =>
  text.replace(
    /(\d)e([+-]?)(\d+)/g,
    (_, digit: string, sign: string, power: string) =>
      `${digit}\u00a0×\u00a010${sign === '-' ? '⁻' : ''}${power.replace(/./g, (one) => superscripts[Number(one)]!)}`,
  )
