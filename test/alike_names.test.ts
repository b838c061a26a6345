import { describe, expect, it } from 'vitest'
import { Dataset, Network, parseCsv, Trainer } from '../src/index.ts'

/** Two files that write the same classes differently: the UCI repository's adult.data and adult.test. */
const table = (end: string) =>
  `25,Private,<=50K${end}\n38,Local,>50K${end}\n28,Local,>50K${end}\n44,Private,<=50K${end}\n`
const title = '|1x3 Cross validator\n'
const dot =
  /only in the dot at its end, as in adult\.test of the UCI repository: write the names alike in both files, for example with sed 's\/\\\.\$\/\/'$/

describe('classes that are written in two ways', () => {
  it('are refused with the cause, in one line', async () => {
    const { classes } = await parseCsv(table(''))
    await expect(parseCsv(title + table('.'), { classes })).rejects.toThrow(
      /^CSV: line 2, column 2 \(counted from 0\): found '<=50K\.', expected one of the classes <=50K, >50K; it differs from '<=50K' /,
    )
    await expect(parseCsv(title + table('.'), { classes })).rejects.toThrow(dot)
    await expect(parseCsv(table('').replaceAll('K', 'k'), { classes })).rejects.toThrow(
      "it differs from '<=50K' only in upper and lower case",
    )
    await expect(parseCsv(table('').replaceAll('50K', '60K'), { classes })).rejects.toThrow(/--target names another/)
  })

  it('are refused with the cause in later data of a network', async () => {
    const data = (end: string) => Dataset.from([[0], [1], [2]], [`b${end}`, `a${end}`, `a${end}`])
    const network = Object.assign(Network.create({ sizes: [1, 2], seed: 1 }), { classes: data('').classes })
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    await expect(trainer.evaluate(data('.'))).rejects.toThrow(
      /^data: its classes are a\., b\., the network was fitted on a, b; 'a\.' differs from 'a' only in the dot/,
    )
    await expect(trainer.evaluate(data('x'))).rejects.toThrow(/the network was fitted on a, b$/)
    trainer.dispose()
  })

  it('may be below a title, which is no row, or a comment', async () => {
    const notes: string[] = []
    const data = await parseCsv(title + table('.'), { onNote: (note) => void notes.push(note) })
    expect([data.length, data.classes, notes[0]]).toEqual([4, ['<=50K.', '>50K.'], 'line 1 is a title above the table, and no row of it']) // prettier-ignore
    const commented = await parseCsv(title + table('.'), { comment: '|', onNote: (note) => void notes.push(note) })
    expect([commented.length, notes.slice(1)]).toEqual([4, []])
  })
})
