import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The built program. */
export const program = fileURLToPath(new URL('../dist/node/cli.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** Where standard output goes in place of `out`: an open file. */
  readonly stdout?: number
  readonly stderr?: number
}

/** Runs the built program with these arguments, to its end. */
export function runCommand(args: readonly string[], { cwd, env, stdout, stderr }: CommandOptions = {}): Promise<Ended> {
  const { DEBUG: _, ...own } = process.env
  const stdio = ['ignore' as const, stdout ?? ('pipe' as const), stderr ?? ('pipe' as const)]
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...own, ...env }, stdio })
  let [out, error] = ['', '']
  child.stdout?.on('data', (text: Buffer) => (out += text.toString()))
  child.stderr?.on('data', (text: Buffer) => (error += text.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, error })))
}

/** Runs a line of the shell in which `$P` is the built program. */
export function runShell(line: string, cwd: string, env: Record<string, string> = {}): Promise<Ended> {
  const { DEBUG: _, ...own } = process.env
  const child = spawn('bash', ['-c', line], { cwd, env: { ...own, ...env, P: `${process.execPath} ${program}` } })
  let [out, error] = ['', '']
  child.stdout.on('data', (text: Buffer) => (out += text.toString()))
  child.stderr.on('data', (text: Buffer) => (error += text.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, error })))
}
