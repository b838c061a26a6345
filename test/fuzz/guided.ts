import fc from 'fast-check'
import { encodeInput, LONGEST_KEPT, readCorpus } from './corpus.ts'
import type { BlockCoverage } from './coverage.ts'
import { checkReader, sizeOf } from './property.ts'
import type { Reader } from './readers/reader.ts'

/** Inputs between two looks at the counters of V8, which take as long as several inputs. */
const BATCH = 24
/** Inputs longer than that are not changed further. */
const LONGEST = 1 << 16

/** An input for which a reader did not do what it promises. */
export interface Fault {
  readonly input: unknown
  readonly message: string
}

/** What was tried for one reader. */
export interface Fuzzed {
  readonly reader: Reader<unknown>
  inputs: number
  seconds: number
  /** Keys of the blocks that were reached, see {@link BlockCoverage}. */
  readonly reached: Set<string>
  /** Inputs that reach something, each more than those before it. */
  readonly corpus: unknown[]
  /** By what went wrong; one input for each. */
  readonly faults: Map<string, Fault>
}

interface Limits {
  readonly seconds: number
  readonly seed: number
}

/**
 * Changes inputs of a reader, and changes further those that reach a block of the source that none reached before:
 * fast-check makes the changes, and smaller inputs of those that are faults; V8 counts what they reach.
 */
export async function fuzz(
  reader: Reader<unknown>,
  coverage: BlockCoverage,
  { seconds, seed }: Limits,
): Promise<Fuzzed> {
  const fuzzed: Fuzzed = { reader, inputs: 0, seconds: 0, reached: new Set(), corpus: [], faults: new Map() }
  const began = performance.now()
  coverage.take(new Set())
  for (const input of [...reader.source.seeds, ...readCorpus(reader.name)]) {
    await tryOne(input, fuzzed)
    if (coverage.take(fuzzed.reached) || fuzzed.corpus.length === 0) fuzzed.corpus.push(input)
  }
  const random = fc.sample(fc.nat(), { seed, numRuns: 1 })[0]!
  for (let round = 0; performance.now() - began < 1000 * seconds; round++) {
    const from = choose(fuzzed.corpus, hash(random, round))
    const inputs = await tryNear(from, fuzzed, hash(round, random))
    if (!coverage.take(new Set(fuzzed.reached))) continue
    // Some of them reach something new: each again, to see which.
    for (const input of inputs) {
      await tryOne(input, fuzzed)
      if (coverage.take(fuzzed.reached) && sizeOf(input) <= LONGEST) fuzzed.corpus.push(input)
    }
  }
  fuzzed.seconds = (performance.now() - began) / 1000
  return fuzzed
}

/** A whole number from two. */
const hash = (a: number, b: number) => Math.imul(Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ b, 0xc2b2ae35) >>> 1

/** Later inputs reach further, so half of the time one of the last is taken. */
function choose<T>(inputs: readonly T[], number: number): T {
  const among = number % 2 === 0 ? inputs : inputs.slice(-Math.max(4, inputs.length >> 2))
  return among[(number >> 1) % among.length]!
}

/** Tries inputs near one. @returns them */
async function tryNear(from: unknown, fuzzed: Fuzzed, seed: number): Promise<unknown[]> {
  const { reader } = fuzzed
  const inputs: unknown[] = []
  const property = fc.asyncProperty(reader.source.near(from), async (input) => {
    inputs.push(input)
    fuzzed.inputs++
    await checkReader(() => reader.read(input), sizeOf(input))
  })
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns: BATCH })
  if (failed && counterexample) addFault(fuzzed, counterexample[0], errorInstance)
  return inputs.slice(0, BATCH)
}

async function tryOne(input: unknown, fuzzed: Fuzzed): Promise<void> {
  fuzzed.inputs++
  try {
    await checkReader(() => fuzzed.reader.read(input), sizeOf(input))
  } catch (error) {
    addFault(fuzzed, input, error)
  }
}

/** Faults with the same place in the source are one. */
function addFault({ faults }: Fuzzed, input: unknown, error: unknown): void {
  const stack = error instanceof Error ? (error.stack ?? '') : String(error)
  const place = /\/((?:src|demo|test\/fuzz\/readers)\/[^)\s]*)/.exec(stack.slice(stack.indexOf('\n')))?.[1] ?? ''
  const kind = `${error instanceof Error ? error.name : typeof error} at ${place.replace(/\?[^:]*/, '')}`
  const known = faults.get(kind)
  if (known && encodeInput(known.input).length <= encodeInput(input).length) return
  faults.set(kind, { input, message: stack.split('\n').slice(0, 4).join('\n') })
}

/** Of the corpus of a reader, what is kept: few small inputs that reach together what all of it reaches beyond the seeds. */
export async function selectKept({ reader, corpus }: Fuzzed, coverage: BlockCoverage): Promise<unknown[]> {
  const reached = new Set<string>()
  const run = async (input: unknown) => {
    await checkReader(() => reader.read(input), sizeOf(input)).catch(() => undefined)
  }
  coverage.take(new Set())
  // Twice: blocks that are not known yet look like parts of those around them.
  for (let i = 0; i < 2; i++) {
    for (const seed of reader.source.seeds) {
      await run(seed)
      coverage.take(reached)
    }
  }
  const kept: unknown[] = []
  const small = corpus.filter((input) => encodeInput(input).length <= LONGEST_KEPT)
  for (const input of small.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
    await run(input)
    const before = reached.size
    coverage.take(reached)
    if (reached.size > before) kept.push(input)
  }
  return kept
}
