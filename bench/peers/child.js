// A contender as a child process: started, asked and ended; whatever goes wrong in it becomes one line.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('./contenders/', import.meta.url))

/** The slowest answer that is waited for, in seconds: large networks on a software driver take 15 s a step. */
const patience = 300

/** A program that answers each JSON line with one. */
export function startChild([program, ...args]) {
  const child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
  const complaints = lastLineOf(child.stderr)
  let ended
  child.on('error', (error) => (ended = error.message))
  // Without this, writing to a child that has just crashed would end the parent.
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  const ask = async (message) => {
    child.stdin.write(`${JSON.stringify(message)}\n`)
    const overdue = setTimeout(() => {
      ended = `no answer within ${patience} s`
      child.kill('SIGKILL')
    }, patience * 1000)
    const { value, done } = await lines.next()
    clearTimeout(overdue)
    if (done) throw new Error(ended ?? `ended without an answer: ${complaints() || 'it said nothing'}`)
    const answer = JSON.parse(value)
    if (answer.ready === false) throw new Error(answer.reason)
    return answer
  }

  const end = async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = new Promise((resolve) => child.once('exit', resolve))
    // Ending its input is enough for one that is well; one that hangs must not keep the parent.
    child.stdin.end()
    const hanging = setTimeout(() => child.kill('SIGKILL'), 2000)
    await exit
    clearTimeout(hanging)
  }
  return { ask, end }
}

/** Dawn can write thousands of lines: they are read away, and only the last one is kept. */
function lastLineOf(stream) {
  let last = ''
  createInterface({ input: stream }).on('line', (line) => (last = line.trim() || last))
  return () => last.slice(0, 200)
}
