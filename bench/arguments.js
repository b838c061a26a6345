// The command line of the benches: what is wrong with it is said in one line, and the program ends with 2.
import { parseArgs } from 'node:util'

export class UsageError extends Error {}

/**
 * @param {string} usage printed for --help
 * @param {import('node:util').ParseArgsConfig['options']} options
 * @returns the options' values and the positionals
 */
export function readArguments(usage, options) {
  let parsed
  try {
    parsed = parseArgs({ allowPositionals: true, options: { ...options, help: { type: 'boolean', short: 'h' } } })
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
    throw new UsageError(error.message.split(/\n|\. /, 1)[0])
  }
  if (parsed.values.help) {
    console.log(usage.trim())
    process.exit(0)
  }
  return parsed
}

/** Each must be one of those known. */
export function checkNames(kind, names, known) {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(`unknown ${kind} '${unknown}'; known are ${known.join(', ')}`)
  return names
}

/** The number behind an option. */
export function checkNumber(option, text, { least, whole = false }) {
  const number = Number(text)
  if (text.trim() !== '' && number >= least && (!whole || Number.isInteger(number)) && Number.isFinite(number))
    return number
  throw new UsageError(`--${option}: expected a ${whole ? 'whole ' : ''}number of at least ${least}, got '${text}'`)
}

/** Runs a bench; errors in its arguments end it with 2, others with 1 and their stack. */
export async function main(run) {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message} (--help says more)`)
    process.exitCode = 2
  }
}
