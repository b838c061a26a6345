import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

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
  /** An open file that receives standard output instead of `out`. */
  readonly stdout?: number
  readonly stderr?: number
}

/** Runs the built program with these arguments until it exits. */
export function runCommand(args: readonly string[], { cwd, env, stdout, stderr }: CommandOptions = {}): Promise<Ended> {
  const { DEBUG: _, ...own } = process.env
  const stdio = ['ignore' as const, stdout ?? ('pipe' as const), stderr ?? ('pipe' as const)]
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...own, ...env }, stdio })
  let [out, error] = ['', '']
  child.stdout?.on('data', (text: Buffer) => (out += text.toString()))
  child.stderr?.on('data', (text: Buffer) => (error += text.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, error })))
}

/**
 * Runs commands of the built program, one after another, in one process that ends with the test file: for tests of what a
 * command does. Tests of the process, its signals, its streams or WebGPU use `runCommand`.
 */
export function commandProcess(): (args: readonly string[], cwd: string) => Promise<Ended> {
  const server = fileURLToPath(new URL('./command-server.js', import.meta.url))
  let child: ChildProcess | undefined
  let last: Promise<unknown> = Promise.resolve()
  afterAll(() => void child?.kill())
  const start = () => {
    const { DEBUG: _, ...env } = process.env
    child = spawn(process.execPath, [server], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    child.on('exit', () => (child = undefined))
    return child
  }
  const run = (args: readonly string[], cwd: string) =>
    new Promise<Ended>((resolve, reject) => {
      const server = child ?? start()
      const fail = () => {
        reject(new Error(`the process ended during: ${args.join(' ')}`))
      }
      server.once('exit', fail)
      server.once('message', (ended: Ended) => {
        server.off('exit', fail)
        resolve(ended)
      })
      server.send({ args, cwd })
    })
  return (args, cwd) => {
    const ended = last.then(() => run(args, cwd))
    last = ended.catch(() => undefined)
    return ended
  }
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
