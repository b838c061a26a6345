import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { Random } from '../../src/core/random.ts'
import { program } from '../command.ts'

/** A run that is killed and resumed until it ends. */
export interface ResumableRun {
  /** The arguments that begin it, and those that resume it. */
  readonly begin: readonly string[]
  readonly resume: readonly string[]
  /** What it is resumed from. */
  readonly state: string
  /** The last file that it writes. */
  readonly last: string
  /** Checks what is there after a kill. @returns whether training has ended */
  readonly inspect: () => boolean
}

/** When a process was killed. */
export const phases = [
  'before the first state',
  'during training',
  'while a file was written',
  'while results were written',
  'after the last file',
] as const
export type Phase = (typeof phases)[number]

/** How an undisturbed run went. */
export interface Undisturbed {
  /** Milliseconds of the whole process. */
  readonly duration: number
  /** How often it wrote its state. */
  readonly states: number
  /** Milliseconds from its first state to its end. */
  readonly later: number
}

/** When a process is killed: some milliseconds after it began, or after it wrote some states. */
interface Moment {
  readonly milliseconds: number
  readonly states: number
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const timeOf = (path: string) => (existsSync(path) ? statSync(path).mtimeMs : 0)

const never: Moment = { milliseconds: 0, states: Infinity }

interface Ended {
  /** The exit status; undefined where the process was killed. */
  readonly code: number | undefined
  readonly error: string
  /** How often it was seen to write its state, and when the first time. */
  readonly states: number
  readonly firstAt: number
}

/** Runs the program, and kills it at a moment. */
async function runUntil(args: readonly string[], state: string, moment: Moment): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let error = ''
  child.stderr.on('data', (text: Buffer) => (error += text.toString()))
  let isRunning = true
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve)).finally(() => (isRunning = false))
  let timer: NodeJS.Timeout | undefined
  let [states, firstAt, last] = [0, performance.now(), timeOf(state)]
  for (; isRunning; await wait(2)) {
    const time = timeOf(state)
    if (time !== last) {
      if (states++ === 0) firstAt = performance.now()
      last = time
    }
    if (states >= moment.states) timer ??= setTimeout(() => child.kill('SIGKILL'), moment.milliseconds)
  }
  const code = await ended
  clearTimeout(timer)
  return { code: code ?? undefined, error, states, firstAt }
}

/** Runs the program without killing it. @throws where it fails */
export async function runUndisturbed({ begin, state }: ResumableRun): Promise<Undisturbed> {
  const began = performance.now()
  const { code, error, states, firstAt } = await runUntil(begin, state, never)
  if (code !== 0) throw new Error(`exit code ${code}: ${error}`)
  const ended = performance.now()
  return { duration: ended - began, states, later: ended - firstAt }
}

const hasTemporaries = (folder: string) =>
  existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.tmp'))

function phaseOf({ state, last, inspect }: ResumableRun): Phase {
  if (existsSync(last)) return 'after the last file'
  const isTrained = existsSync(state) && inspect()
  if (hasTemporaries(dirname(state))) return 'while a file was written'
  if (!existsSync(state)) return 'before the first state'
  return isTrained ? 'while results were written' : 'during training'
}

/**
 * A random moment. Half of them are anywhere in the run. The others are after a number of states that the rest of the run
 * writes: most of the time of a short run is its start, and how long that takes depends on the other work of the machine.
 */
function chooseMoment({ duration, states, later }: Undisturbed, random: Random, seen: number): Moment {
  if (random.below(2) === 0) return { milliseconds: random.between(0, duration), states: 0 }
  const left = Math.max(1, states - seen)
  // After the last state, results are written.
  return { states: 1 + random.below(left), milliseconds: random.between(0, (2 * later) / (states + 1)) }
}

/**
 * Kills each process of a run at a random moment, and resumes, until a process ends before it is killed.
 * @param undisturbed how the same run went without kills
 * @param mostKills after which the next process is left alone
 * @returns when the processes were killed
 */
export async function killAndResume(
  run: ResumableRun,
  undisturbed: Undisturbed,
  random: Random,
  mostKills: number,
): Promise<Phase[]> {
  const kills: Phase[] = []
  for (let seen = 0; ;) {
    const args = existsSync(run.state) ? run.resume : run.begin
    const moment = kills.length < mostKills ? chooseMoment(undisturbed, random, seen) : never
    const { code, error, states } = await runUntil(args, run.state, moment)
    seen += states
    if (code === 0) return kills
    if (code !== undefined) {
      throw new Error(`after ${kills.length} kills (${kills.join(', ')}): exit code ${code}: ${error}`)
    }
    kills.push(phaseOf(run))
  }
}

/** Numbers of kills by phase, for people. */
export const countPhases = (kills: readonly Phase[]): string =>
  phases
    .map((phase) => [phase, kills.filter((one) => one === phase).length] as const)
    .filter(([, count]) => count > 0)
    .map(([phase, count]) => `${count} ${phase}`)
    .join(', ')
