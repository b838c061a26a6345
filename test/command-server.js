// Runs commands of the built program one after another in one process (command.ts). Each run evaluates the program's
// module again; its imports are loaded only once, which would take most of the time of a separate process.
const program = new URL('../dist/node/cli.js', import.meta.url).href
const emitters = [process, process.stdout, process.stderr]
/** @type {Record<'stdout' | 'stderr', string>} */
const written = { stdout: '', stderr: '' }
let commands = 0

for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
  process[name].write = (text, ...more) => {
    written[name] += text
    more.find((one) => typeof one === 'function')?.()
    return true
  }
}

/** The listeners of all events, to remove those that a command has added. */
const listeners = () =>
  emitters.flatMap((emitter) =>
    emitter
      .eventNames()
      .flatMap((event) => emitter.rawListeners(event).map((listener) => ({ emitter, event, listener }))),
  )

/** Runs what a command registered for the end of its process, and removes all that it registered. */
function clean(before) {
  const isNew = ({ event, listener }) => !before.some((one) => one.event === event && one.listener === listener)
  for (const { emitter, event, listener } of listeners().filter(isNew)) {
    emitter.off(event, listener)
    if (event === 'exit') listener.call(process, process.exitCode ?? 0)
  }
}

const send = (whenSent) =>
  process.send({ code: process.exitCode ?? 0, out: written.stdout, error: written.stderr }, whenSent)

const exit = process.exit
process.exit = (code) => {
  process.exitCode = code ?? process.exitCode
  send(() => exit(0))
}

process.on('message', async ({ args, cwd }) => {
  const before = listeners()
  process.chdir(cwd)
  process.argv.splice(1, Infinity, program, ...args)
  process.exitCode = undefined
  Object.assign(written, { stdout: '', stderr: '' })
  await import(`${program}?${++commands}`)
  clean(before)
  send()
})
