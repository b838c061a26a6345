// Runs a contender as a child process, and reduces its failures to one-line messages.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('./contenders/', import.meta.url))

/** The longest time to wait for a response, in seconds: large networks on a software driver take 15 s per step. */
const timeout = 300

/** Starts a program that responds to each line of JSON with one line of JSON. */
export function startChild([program, ...args]) {
  const child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
  const lastError = lastLineOf(child.stderr)
  let failure
  child.on('error', (error) => (failure = error.message))
  // Without this handler, writing to a crashed child would terminate the parent.
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  const ask = async (message) => {
    child.stdin.write(`${JSON.stringify(message)}\n`)
    const overdue = setTimeout(() => {
      failure = `no response within ${timeout} s`
      child.kill('SIGKILL')
    }, timeout * 1000)
    const { value, done } = await lines.next()
    clearTimeout(overdue)
    if (done) throw new Error(failure ?? `exited without a response: ${lastError() || 'no error output'}`)
    const response = JSON.parse(value)
    if (response.ready === false) throw new Error(response.reason)
    return response
  }

  const end = async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = new Promise((resolve) => child.once('exit', resolve))
    // A healthy child exits at the end of its input; a child that hangs is killed.
    child.stdin.end()
    const hanging = setTimeout(() => child.kill('SIGKILL'), 2000)
    await exit
    clearTimeout(hanging)
  }
  return { ask, end }
}

/** Reads all lines, because Dawn can write thousands of them, and keeps the last one. */
function lastLineOf(stream) {
  let last = ''
  createInterface({ input: stream }).on('line', (line) => (last = line.trim() || last))
  return () => last.slice(0, 200)
}
