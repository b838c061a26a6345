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

export interface Chain {
  readonly kills: Phase[]
  /** Milliseconds of the process that ended. */
  readonly duration: number
}

/** When a process is killed: some milliseconds after it began, or after it wrote a state. */
interface Moment {
  readonly milliseconds: number
  /** The file whose change is waited for. */
  readonly after: string | undefined
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const timeOf = (path: string) => (existsSync(path) ? statSync(path).mtimeMs : 0)

/** Runs the program, and kills it at a moment. @returns its exit status; undefined where it was killed */
async function runUntil(
  args: readonly string[],
  { milliseconds, after }: Moment,
): Promise<{ code: number | undefined; error: string }> {
  const before = after === undefined ? 0 : timeOf(after)
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let error = ''
  child.stderr.on('data', (text: Buffer) => (error += text.toString()))
  let isRunning = true
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve)).finally(() => (isRunning = false))
  while (after !== undefined && isRunning && timeOf(after) === before) await wait(2)
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds)
  const code = await ended
  clearTimeout(timer)
  return { code: code ?? undefined, error }
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
 * Kills each process of a run after a random part of `duration`, and resumes, until a process ends before it is killed.
 * @param mostKills after which the next process is left alone
 */
export async function killAndResume(
  run: ResumableRun,
  duration: number,
  random: Random,
  mostKills: number,
): Promise<Chain> {
  const kills: Phase[] = []
  for (;;) {
    const args = existsSync(run.state) ? run.resume : run.begin
    const began = performance.now()
    // Most of a short run is its start: every second process is killed after it has written a state.
    const isLater = random.below(2) === 1
    const moment = isLater
      ? { milliseconds: random.between(0, duration / 2), after: run.state }
      : { milliseconds: random.between(0, duration), after: undefined }
    const never = { milliseconds: 600_000, after: undefined }
    const { code, error } = await runUntil(args, kills.length < mostKills ? moment : never)
    if (code === undefined) {
      kills.push(phaseOf(run))
      continue
    }
    if (code !== 0) throw new Error(`after ${kills.length} kills (${kills.join(', ')}): exit code ${code}: ${error}`)
    return { kills, duration: performance.now() - began }
  }
}

/** Numbers of kills by phase, for people. */
export const countPhases = (kills: readonly Phase[]): string =>
  phases
    .map((phase) => [phase, kills.filter((one) => one === phase).length] as const)
    .filter(([, count]) => count > 0)
    .map(([phase, count]) => `${count} ${phase}`)
    .join(', ')
