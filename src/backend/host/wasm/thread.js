// The program of a worker thread, which pool.ts takes in as text. It runs the `work` of modules when the board says so.
const port = globalThis.process?.getBuiltinModule?.('worker_threads')?.parentPort ?? self
const pause = Atomics.pause ?? (() => undefined)

/** The exports of the modules, by id. */
const modules = new Map()
let start
/** Messages that were received, and runs that were made. */
let received = 0
let runs = 0

port.onmessage = ({ data }) => {
  received++
  if (data.board) start = data
  else if (data.module) port.postMessage({ id: data.id, error: attach(data) })
  else modules.delete(data.id)
  serve()
}

function attach({ id, module, memory }) {
  try {
    modules.set(id, new WebAssembly.Instance(module, { host: { memory } }).exports)
    return undefined
  } catch (error) {
    return String(error)
  }
}

/** Runs commands until there is a message, which only the event loop brings. */
function serve() {
  const { board, place } = start
  for (;;) {
    const signal = Atomics.load(board, place.signal)
    // In this order: messages that were sent before a run are received before it.
    const isDue = Atomics.load(board, place.runs) !== runs
    if (Atomics.load(board, place.messages) !== received) return
    if (isDue) run(start)
    else waitForChange(start, signal)
  }
}

function run({ board, place, thread, textLength }) {
  runs = (runs + 1) | 0
  const module = modules.get(Atomics.load(board, place.command))
  try {
    module.work(thread)
  } catch (error) {
    if (Atomics.compareExchange(board, place.failed, 0, thread) === 0) {
      const text = String(error).slice(0, textLength)
      for (let i = 0; i < text.length; i++) board[place.text + i] = text.charCodeAt(i)
    }
    module?.abort?.()
  }
  Atomics.add(board, place.finished, 1)
  if (Atomics.load(board, place.callerSleeps) === 1) Atomics.notify(board, place.finished)
}

function waitForChange({ board, place, spinning }, signal) {
  const end = performance.now() + spinning
  do {
    for (let i = 0; i < 50; i++) {
      if (Atomics.load(board, place.signal) !== signal) return
      pause()
    }
  } while (performance.now() < end)
  Atomics.add(board, place.sleeping, 1)
  Atomics.wait(board, place.signal, signal)
  Atomics.sub(board, place.sleeping, 1)
}

port.postMessage({ isReady: true })
