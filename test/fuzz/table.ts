import type { Block, BlockCoverage } from './coverage.ts'
import type { Fuzzed } from './guided.ts'

/** Functions that write files and are no readers, though they are in files of readers. */
const writers: readonly (string | RegExp)[] = [
  ...['toNpy', 'checkShape', 'isShaped', 'writeNpyHeader', 'toOnnx', 'toSafetensors', 'encodeNetwork', 'encodeFields'],
  ...['encodeDescription', 'encodeCheckpoint', 'encodeSweepCheckpoint', 'toBase64', 'needsVersion2', 'historyCsv'],
  // What networks and ensembles that were read compute.
  ...['predict', 'predictWithSpread', 'classify', '#predictEach', 'toJSON', 'evaluate'],
]

interface Region {
  readonly path: string
  readonly start: number
  readonly end: number
}

/** The blocks that count: those of functions that read. */
function blocksOfReaders(coverage: BlockCoverage): Map<string, Block> {
  const { known } = coverage
  const regions: Region[] = [...known.values()].filter(({ name }) => writers.includes(name))
  const isWriter = ({ path, start, end }: Block) => regions.some((one) => one.path === path && one.start <= start && one.end >= end)
  return new Map([...known].filter(([, block]) => coverage.isSource(block) && !isWriter(block)))
} // prettier-ignore

/** What was reached of the files of readers: a row for each reader, and the blocks that none reached. */
export function makeTable(results: readonly Fuzzed[], coverage: BlockCoverage): { rows: string[]; missed: string[] } {
  const blocks = blocksOfReaders(coverage)
  const isOf = (files: readonly string[]) => {
    const keys = new Set<string>()
    for (const [key, { path }] of blocks) if (files.some((file) => path.startsWith(file))) keys.add(key)
    return keys
  }
  const count = (keys: Set<string>, reached: ReadonlySet<string>) => [...keys].filter((key) => reached.has(key)).length
  const share = (part: number, whole: number) =>
    `${part} / ${whole} (${((100 * part) / Math.max(1, whole)).toFixed(1)} %)`
  const rows = results.map(({ reader, inputs, reached, corpus, faults }) => {
    const keys = isOf(reader.files)
    return [
      reader.name,
      String(inputs),
      share(count(keys, reached), keys.size),
      String(corpus.length),
      String(faults.size),
    ]
  })
  const all = isOf(results.flatMap(({ reader }) => reader.files))
  const reached = new Set(results.flatMap((one) => [...one.reached]))
  const sum = (of: (one: Fuzzed) => number) => String(results.reduce((total, one) => total + of(one), 0))
  const total = ['all readers', sum(({ inputs }) => inputs), share(count(all, reached), all.size), sum(({ corpus }) => corpus.length), sum(({ faults }) => faults.size)] // prettier-ignore
  const missed = [...all].filter((key) => !reached.has(key)).map((key) => {
    const block = blocks.get(key)!
    const { line, text } = coverage.locate(block)
    return `${block.path}:${line} ${block.name}: ${text}`
  }) // prettier-ignore
  return {
    rows: align([['reader', 'inputs', 'blocks reached', 'corpus', 'faults'], ...rows, total]),
    missed: [...new Set(missed)].sort(),
  }
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  )
}
