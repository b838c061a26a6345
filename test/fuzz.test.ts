/// <reference types="vite/client" />
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeInput, readCorpus, writeCorpus } from './fuzz/corpus.ts'
import { BlockCoverage, projectFolder, projectPath } from './fuzz/coverage.ts'
import { fuzz, type Fuzzed, selectKept } from './fuzz/guided.ts'
import { nearSeeds } from './fuzz/mutate.ts'
import { checkReader, sizeOf } from './fuzz/property.ts'
import { makeFolder, makeReaders } from './fuzz/readers/index.ts'
import { makeTable } from './fuzz/table.ts'

/**
 * Every reader of external input accepts it or throws an error for users, see fuzz/property.ts. `npm test` tries the inputs
 * that are kept in fuzz/corpus and 100 others for each reader, the same in each run. `npm run test:fuzz` looks for inputs that
 * reach parts of the readers that no input reached before, and prints what was reached; see fuzz/README.md.
 */
const { FUZZ_SECONDS, FUZZ_SEED = '1', FUZZ_KEEP } = process.env
const seed = Number(FUZZ_SEED)
const seconds = FUZZ_SECONDS === undefined ? undefined : Number(FUZZ_SECONDS)

const { folder, remove } = makeFolder()
const readers = await makeReaders(folder)
afterAll(remove)

describe.runIf(seconds === undefined)('readers', () => {
  it.each(readers)('$name', async ({ name, source, read }) => {
    for (const input of readCorpus(name)) await checkReader(() => read(input), sizeOf(input))
    const property = fc.asyncProperty(nearSeeds(source), (input) => checkReader(() => read(input), sizeOf(input)))
    await fc.assert(property, { seed, numRuns: 100 })
  })
})

describe.runIf(seconds !== undefined)(`readers, guided by what they reach, from seed ${seed}`, () => {
  const results: Fuzzed[] = []
  const coverage = seconds === undefined ? undefined : new BlockCoverage(projectFolder)
  const place = join(projectPath, '.cache/fuzz')

  it.each(readers)('$name', { timeout: 3000 * (seconds ?? 0) + 120_000 }, async (reader) => {
    const found = await fuzz(reader, coverage!, { seconds: seconds!, seed })
    results.push(found)
    if (FUZZ_KEEP !== undefined) writeCorpus(reader.name, await selectKept(found, coverage!))
    const faults = [...found.faults].map(([kind, { input, message }], i) => {
      const file = join(place, `${reader.name.replace(/\W+/g, '-')}-${i + 1}.json`)
      mkdirSync(place, { recursive: true })
      writeFileSync(file, `${encodeInput(input)}\n`)
      return `${kind}, with the input in ${file}\n${message}`
    })
    expect(faults).toEqual([])
  })

  afterAll(() => {
    if (coverage === undefined) return
    const { rows, missed } = makeTable(results, coverage)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'missed.txt'), missed.map((line) => `${line}\n`).join(''))
    console.log(
      [...rows, `blocks that no input reached: ${join(place, 'missed.txt')} (${missed.length} lines)`].join('\n'),
    )
  })
})
