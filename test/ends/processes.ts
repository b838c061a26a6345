import { spawn } from 'node:child_process'

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly error: string
  /** Milliseconds from its last output to its end. */
  readonly after: number
}

export interface ProcessOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** The program and its first words, where it is not Node. */
  readonly runtime?: readonly string[]
  /** An open file that receives standard output. */
  readonly stdout?: number
  readonly onOutput?: (kill: (signal: NodeJS.Signals) => void, out: string) => void
}

/** A process that has not ended this many milliseconds after its last output will not end. */
const LONGEST = 20_000
/** Before its first output it works: on a busy machine, compiling kernels takes minutes. */
const LONGEST_WORK = 300_000

/** Runs a process of Node, or of another runtime, and measures how long it takes from its last output to its end. */
export function runToEnd(given: readonly string[], options: ProcessOptions = {}): Promise<ProcessEnd> {
  const { DEBUG: _, ...own } = process.env
  const { cwd, env, stdout = 'pipe', onOutput, runtime = [] } = options
  const [file, ...words] = [...(runtime.length > 0 ? runtime : [process.execPath]), ...given]
  const child = spawn(file!, words, { cwd, env: { ...own, ...env }, stdio: ['ignore', stdout, 'pipe'] })
  let [out, error, last] = ['', '', performance.now()]
  const kill = () => child.kill('SIGKILL')
  let timer = setTimeout(kill, LONGEST_WORK)
  const heard = () => {
    last = performance.now()
    clearTimeout(timer)
    timer = setTimeout(kill, LONGEST)
    onOutput?.((signal) => void child.kill(signal), out)
  }
  child.stdout?.on('data', (text: Buffer) => {
    out += text.toString()
    heard()
  })
  child.stderr?.on('data', (text: Buffer) => {
    error += text.toString()
    heard()
  })
  return new Promise((resolve) => {
    let ended = 0
    child.on('exit', () => (ended = performance.now()))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, out, error, after: ended - last })
    })
  })
}
