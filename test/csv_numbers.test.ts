import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readNumberRows } from '../src/data/number-rows.ts'
import { readTableParts } from '../src/data/table-parts.ts'
import type { TableOptions } from '../src/data/head.ts'
import { parseCsv } from '../src/index.ts'

const encoder = new TextEncoder()
const bytesOf = (text: string) => encoder.encode(text)
const read = (text: string, columns = 1) => readNumberRows(bytesOf(text), 1, { columns, delimiter: 44, decimal: 46 })

/** Numbers as programs write them, and as they could be written at worst. */
const double = fc.double({ noDefaultInfinity: true, noNaN: true })
const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`))
const numberText = fc.oneof(
  double.map(String),
  fc.tuple(double, fc.integer({ min: 0, max: 20 })).map(([value, places]) => value.toExponential(places)),
  fc.tuple(fc.double({ min: -1e20, max: 1e20, noNaN: true }), fc.integer({ min: 0, max: 30 })).map(([value, places]) => value.toFixed(places)),
  fc.float({ noDefaultInfinity: true, noNaN: true }).map((value) => value.toExponential(18)),
  fc.tuple(fc.constantFrom('', '-', '+'), digits(30), fc.constantFrom('', '.'), digits(30), fc.constantFrom('', 'e5', 'E-7', 'e+12', 'e-30')).map((parts) => parts.join('')),
  // The middle of two doubles, and its neighbours.
  fc.tuple(fc.bigInt({ min: 2n ** 53n, max: 2n ** 54n }), fc.constantFrom(-1n, 0n, 1n), fc.integer({ min: 0, max: 25 })).map(([whole, step, places]) => {
    const text = String((whole * 2n + 1n) * 1000n + step)
    return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
  }),
) // prettier-ignore

describe('numbers in bytes', () => {
  it('are those that Number reads', () => {
    fc.assert(
      fc.property(fc.array(numberText, { minLength: 1, maxLength: 50 }), (cells) => {
        const { values, areNumbers } = read(`${cells.join('\n')}\n`)!
        expect([...values]).toEqual(cells.map(Number))
        expect(areNumbers).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it.each(['.5', '5.', '-.5', '+1', '00.10', '-0', '0e999', '1e999', '1e-999', '123456789012345678901234567890', '9007199254740993', '0.1e1', '4.35', '2.2250738585072014e-308', '8.5e22', '1e23'])('reads %s', (text) => {
    expect([...read(` ${text} ,${text}\r\n`, 2)!.values]).toEqual([Number(text), Number(text)])
  }) // prettier-ignore

  it.each([
    '',
    '.',
    '-',
    '1.2.3',
    '1e',
    'e5',
    '0x10',
    '1_000',
    'NaN',
    'Infinity',
    '1,5',
    '12%',
    '--1',
    '1 2',
    'x',
    '٣',
  ])('takes %j for no number', (text) => {
    const { values, rows } = readNumberRows(bytesOf(`1;${text}\n`), 1, { columns: 2, delimiter: 59, decimal: 46 })!
    expect([rows, ...values]).toEqual([1, 1, NaN])
  })

  it('leaves to the splitter what it does not read', () => {
    for (const text of ['1,2,3\n', '1\n', '1,2\n3\n', '"1\n",2\n', '"a""b",2\n', '"a"b,2\n', '1,2\r3,4\n', ',\r,\n']) {
      expect(read(text, 2)).toBeUndefined()
    }
    expect(read('\n1,2\n\r\n,\n  \n"3",4\n', 2)).toMatchObject({ rows: 2, nextLine: 7, lines: Float64Array.of(2, 6) })
  })
})

/** Text whose beginning alone is longer than what decides how a file is read. */
const beginning = `a,b,kind\n${'1.5,2,u\n-3,4.25,v\n'.repeat(16_000)}`

async function outcome(text: string, options: TableOptions) {
  const cells: unknown[] = []
  try {
    let row = 0
    for await (const table of readTableParts(piecesOf(text), options)) {
      for (let i = 0; i < table.length; i++, row++) {
        if (row < 32_000) continue
        for (let j = 0; j < table.columns; j++) cells.push(table.lines[i], table.cell(i, j), table.number(i, j))
      }
    }
    return cells
  } catch (error) {
    // How many rows came before depends on where the pieces end.
    return [String(error)]
  }
}

function* piecesOf(text: string) {
  yield text.slice(0, beginning.length)
  for (let at = beginning.length; at < text.length; at += 37) yield text.slice(at, at + 37)
}

describe('rows behind the beginning', () => {
  const cell = fc.oneof(
    { weight: 6, arbitrary: numberText },
    fc.constantFrom(
      'u',
      'NA',
      '',
      ' ',
      '"u"',
      ' "7.5" ',
      '"a,b"',
      '"a\nb"',
      '"a""b"',
      'ä',
      '5" pipe',
      '"',
      '1,5',
      'x\r',
    ),
  )
  const row = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(cell, cell, cell).map((cells) => cells.join(',')) },
    fc.constantFrom('', ' ', ',,', ', ,', '1,2', '1,2,3,4', '1,2,3,'),
  )
  const ends = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r')

  it('are those that the splitter gives, with its errors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(row, ends), { maxLength: 12 }), async (rows) => {
        const text = beginning + rows.map((parts) => parts.join('')).join('')
        // Where lines may be comments, no bytes are read as numbers.
        expect(await outcome(text, {})).toEqual(await outcome(text, { comment: '\x01' }))
      }),
      { numRuns: 12, endOnFailure: true },
    )
  }, 60_000)

  it('have decimal commas, words, and names in UTF-8', async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => `${i},5;-${i % 7},25;${i % 2 ? 'Föhre' : 'Weide'};1.5`)
    const data = await parseCsv(bytesOf(`a;b;kind;c\n${rows.join('\n')}\n39999,5;1,5;"Föhre";2`), {
      target: 'kind',
      features: ['a', 'b'],
    })
    expect([data.length, data.classes]).toEqual([40_001, ['Föhre', 'Weide']])
    expect(data.inputs.toArray().slice(39_998)).toEqual([[39_998.5, -0.25], [39_999.5, -1.25], [39_999.5, 1.5]]) // prettier-ignore
    expect(data.targets.row(40_000)).toEqual(Float32Array.of(1, 0))
  })

  it('have to be UTF-8', async () => {
    const bytes = Uint8Array.of(...[], ...bytesOf(beginning.slice(0, 100)))
    const broken = new Uint8Array([...bytesOf(beginning), ...bytesOf('1,2,'), 0xff, 10, ...bytes.subarray(9, 17)])
    await expect(parseCsv(broken)).rejects.toThrow('not UTF-8 text')
  })
})
