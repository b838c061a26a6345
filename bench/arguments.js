// Command-line parsing for the benchmarks. Invalid arguments cause a one-line message and exit status 2.
import { parseArgs } from 'node:util'

export class UsageError extends Error {}

/**
 * Parses the command line. --help prints the usage and exits.
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

/** Throws a UsageError unless every name is one of `known`; returns the names. */
export function checkNames(kind, names, known) {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(`unknown ${kind} '${unknown}'; known are ${known.join(', ')}`)
  return names
}

/** Parses the value of a numeric option; throws a UsageError for an invalid value. */
export function checkNumber(option, text, { least, whole = false }) {
  const number = Number(text)
  if (text.trim() !== '' && number >= least && (!whole || Number.isInteger(number)) && Number.isFinite(number))
    return number
  throw new UsageError(`--${option}: expected a ${whole ? 'whole ' : ''}number of at least ${least}, got '${text}'`)
}

/** Runs a benchmark. A UsageError causes exit status 2; any other error causes exit status 1 with its stack. */
export async function main(run) {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message} (--help shows the usage)`)
    process.exitCode = 2
  }
}
