import fc from 'fast-check'

/** One change of a file; positions are taken modulo the length, so that each change applies to each file. */
interface Edit {
  kind: 'replace' | 'insert' | 'delete' | 'repeat' | 'truncate' | 'number'
  at: number
  length: number
  bytes: Uint8Array
  times: number
}

/** Pieces of text that have a meaning for at least one of the readers. */
const tokens = [
  ...[',', ';', '\t', '"', '""', '\n', '\r\n', '\r', '\n\n\n', ' ', '\ufeff', '\0', '-', '.', '=', ':', '#', '&', '%'],
  ...[
    'nan',
    'inf',
    '-inf',
    '1e999',
    '-1e39',
    '1e-400',
    '0x10',
    '1'.repeat(400),
    '.5.',
    '1e',
    '+',
    '99999999999999999999',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '[[[[',
    'null',
    'true',
    '"x":',
    '""',
    '[]',
    '{}',
    '\\u0000',
    '\ud800',
    '\u2028',
    '\u001b[31m',
  ],
  ...['constructor', '__proto__', 'toString', 'a', 'setosa', 'AAAA', '/+/+', '====', '(', ')', "'", 'L', 'True', '<f8'],
].map((token) => new TextEncoder().encode(token))

/** Numbers at the limits of types and formats. */
const numbers = [0, 1, 2, 64, 127, 128, 255, 256, 65535, 65536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]

const numberBytes = fc
  .tuple(fc.constantFrom(...numbers), fc.constantFrom(1, 2, 4, 8), fc.boolean())
  .map(([value, size, little]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, BigInt(value), little)
    const bytes = new Uint8Array(view.buffer)
    return little ? bytes.slice(0, size) : bytes.slice(8 - size)
  })

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('replace', 'insert', 'delete', 'repeat', 'truncate', 'number'),
  at: fc.nat(2 ** 30),
  length: fc.oneof(fc.nat(8), fc.nat(200)),
  bytes: fc.oneof(fc.constantFrom(...tokens), numberBytes, fc.uint8Array({ minLength: 1, maxLength: 4 })),
  times: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
    { weight: 1, arbitrary: fc.constant(5000) },
  ),
})

function apply(file: Uint8Array, { kind, at, length, bytes, times }: Edit): Uint8Array {
  const start = at % (file.length + 1)
  const end = Math.min(file.length, start + length)
  const [before, part, after] = [file.subarray(0, start), file.subarray(start, end), file.subarray(end)]
  if (kind === 'delete') return join(before, after)
  if (kind === 'truncate') return before
  if (kind === 'insert') return join(before, bytes, part, after)
  if (kind === 'repeat') return join(before, ...Array<Uint8Array>(times).fill(part.length > 0 ? part : bytes), after)
  // As long as the text that it replaces, so that the rest of a header does not move.
  return join(before, bytes, file.subarray(kind === 'number' ? start + bytes.length : end))
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** What is changed to make further inputs: {@link seeds} that are valid, and for each input the ones near it. */
export interface Source<T> {
  readonly seeds: readonly T[]
  readonly near: (input: T) => fc.Arbitrary<T>
}

/** Inputs near one of the seeds. */
export const nearSeeds = <T>({ seeds, near }: Source<T>): fc.Arbitrary<T> => fc.constantFrom(...seeds).chain(near)

/** Files with up to eight changes. */
export const bytes = (seeds: readonly Uint8Array[]): Source<Uint8Array> => ({
  seeds,
  near: (input) => fc.array(edit, { maxLength: 8 }).map((edits) => edits.reduce(apply, input)),
})

/** Texts with up to eight changes. */
export const text = (seeds: readonly string[]): Source<string> => ({
  seeds,
  near: (input) =>
    bytes([])
      .near(new TextEncoder().encode(input))
      .map((changed) => new TextDecoder().decode(changed)),
})

/** One of several values; `near` keeps it most of the time. @param seeds from which it begins */
export const choice = <T>(values: fc.Arbitrary<T>, ...seeds: readonly T[]): Source<T> => ({
  seeds,
  near: (input) => fc.oneof({ weight: 3, arbitrary: fc.constant(input) }, { weight: 1, arbitrary: values }),
})

/** Pairs: each seed of one with a seed of the other. */
export const pair = <A, B>(first: Source<A>, second: Source<B>): Source<[A, B]> => ({
  seeds: first.seeds.flatMap((a) => second.seeds.map((b): [A, B] => [a, b])),
  near: ([a, b]) => fc.tuple(first.near(a), second.near(b)),
})

/** A placeholder for lists nested more deeply than any recursion limit; {@link toText} replaces it. */
const deep = '§deep§'
const DEPTH = 100_000

/** A value as JSON text. */
export const toText = (value: unknown): string =>
  JSON.stringify(value).replaceAll(`"${deep}"`, '['.repeat(DEPTH) + ']'.repeat(DEPTH))

const values: readonly unknown[] = [
  ...[null, true, 0, 1, -1, 0.5, -5, 1e300, 2 ** 24, 2 ** 32, 2 ** 53, 3, '', 'x', 'relu', 'AAAAAA==', 'AADAfw=='],
  ...[[], [[]], [1], ['x'], [null], {}, { length: 3 }, { length: 1e9 }, { constructor: null }, 'y'.repeat(2000)],
  ...[{ constructor: { name: { toString: 1 } } }, [40_000, 40_000], [2 ** 24, 2 ** 24], deep, { deeper: deep }],
  ...[
    JSON.parse('{"__proto__":{"polluted":1}}'),
    '<img src=x onerror=alert(1)>',
    '../../../etc/x',
    [['a', '</script><b>']],
    Array(300).fill(1),
    { name: '\u001b[31m\n' },
    'é\u2028\ud800',
  ],
]

interface JsonEdit {
  kind: 'replace' | 'delete' | 'repeat' | 'rename'
  at: number
  value: unknown
  name: string
}

const jsonEdit: fc.Arbitrary<JsonEdit> = fc.record({
  kind: fc.constantFrom('replace', 'replace', 'delete', 'repeat', 'rename'),
  at: fc.nat(2 ** 30),
  value: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.jsonValue() }),
  name: fc.constantFrom('constructor', '__proto__', 'toString', 'length', '', 'sizes', 'name'),
})

type Slot = { holder: Record<string, unknown>; key: string }

/** The paths of all parts of a value, down to a few levels. */
function slotsOf(value: unknown, level = 0): Slot[] {
  if (typeof value !== 'object' || value === null || level > 5) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder)
    .slice(0, 100)
    .flatMap((key) => [{ holder, key }, ...slotsOf(holder[key], level + 1)])
}

function change(root: { value: unknown }, { kind, at, value, name }: JsonEdit): void {
  const slots = slotsOf(root)
  const { holder, key } = slots[at % slots.length]!
  if (kind === 'replace') holder[key] = value
  else if (Array.isArray(holder)) {
    const place = Number(key)
    if (kind === 'delete') holder.splice(place, 1)
    else holder.splice(place, 0, holder[place])
  } else if (holder !== (root as unknown)) {
    const before = holder[key]
    if (kind !== 'repeat') Reflect.deleteProperty(holder, key)
    if (kind === 'rename') Object.defineProperty(holder, name, { value: before, enumerable: true, configurable: true, writable: true }) // prettier-ignore
  }
}

/** JSON values with up to five changes. */
export const json = (seeds: readonly unknown[]): Source<unknown> => ({
  seeds,
  near: (input) =>
    fc.array(jsonEdit, { maxLength: 5 }).map((edits) => {
      const root = { value: structuredClone(input) }
      for (const edit of edits) change(root, { ...edit, value: structuredClone(edit.value) })
      return root.value
    }),
})
