import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { houses, kinds, randomNumbers, tableOf } from './cases.ts'
import { commandProcess } from './command.ts'
import numpyFiles from './numpy/files.json' with { type: 'json' }

let folder: string
const file = (name: string) => join(folder, name)
const write = (name: string, rows: readonly (readonly (string | number)[])[]) => writeFileSync(file(name), tableOf(rows)) // prettier-ignore
const runHere = commandProcess()
/** Runs the built program in the test's folder; arguments with spaces are not needed. */
const run = (args: string) => runHere(args.split(' '), folder)

/** What a run with `--json` prints; standard error must be these lines. */
async function json(args: string, notes: readonly unknown[] = []): Promise<Record<string, number>> {
  const { code, out, error } = await run(`${args} --json --backend cpu`)
  expect([code, error.split('\n').slice(0, -1)]).toEqual([0, notes])
  return JSON.parse(out) as Record<string, number>
}

/** A command that ends with one line on standard error, and writes nothing. */
async function refused(args: string, message: RegExp | string): Promise<void> {
  const { code, out, error } = await run(`${args} --out nothing.out --backend cpu`)
  const line: unknown = typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message)
  expect([code, out, error.trim().split('\n')]).toEqual([2, '', [line]])
  expect(existsSync(file('nothing.out'))).toBe(false)
}

const network = '--layers -,8,- --activation relu --loss crossEntropy'
const line = '--layers -,8,1 --activation relu,linear --loss meanSquaredError'
const adam = '--optimizer adam --lr 0.02 --seed 1'
const priceHead = ['id', 'area', 'district', 'garden', 'price']
const prices = houses().map((row, i) => [`h${String.fromCharCode(97 + (i % 26))}${i}`, ...row])

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-cases-'))
  write('kinds.csv', [['a', 'b', 'c', 'kind'], ...kinds()])
  write('houses.csv', [priceHead, ...prices])
  const gaps = prices.map((row, i) => (i % 9 === 4 ? row.map((cell, j) => (j === 1 + (i % 3) ? '' : cell)) : row))
  write('gaps.csv', [priceHead, ...gaps])
  const { error } = await run(`train --data houses.csv --drop id ${line} ${adam} --epochs 60 --standardize --backend cpu --out houses.json`) // prettier-ignore
  expect(error).toBe('')
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('commands on files as they are in practice', () => {
  it('06, 10: whole numbers are values where loss and outputs say so, and evaluate asks the model', async () => {
    const random = randomNumbers(3)
    const rows = Array.from({ length: 120 }, () => [random(), random()].map((v) => v.toFixed(2)))
    const mark = ([a, b]: string[]) => Math.round(5 + 3 * Number(a) + Number(b))
    write('marks.csv', [['a', 'b', 'mark'], ...rows.map((row) => [...row, mark(row)])])
    const trained = await json(`train --data marks.csv ${line} ${adam} --epochs 60 --standardize --out marks.json`)
    expect(trained['r2']).toBeGreaterThan(0.9)
    write('few.csv', [['a', 'b', 'mark'], ...rows.slice(0, 20).map((row) => [...row, mark(row)])])
    const scored = await json('evaluate --model marks.json --data few.csv')
    expect(scored['r2']).toBeGreaterThan(0.9)
    expect(scored).not.toHaveProperty('accuracy')
  })

  it('09: one sigmoid output for two classes, in a file and of a generator', async () => {
    const rows = kinds(40, ['0', '1'])
    write('clinic.csv', [['a', 'b', 'c', 'ill'], ...rows])
    const args = '--layers -,6,1 --activation relu,sigmoid --loss binaryCrossEntropy'
    expect((await json(`train --data clinic.csv ${args} ${adam} --epochs 60 --standardize`))['accuracy']).toBe(1)
    expect(await json('train --data xor --layers 2,3,1 --samples 40 --epochs 1')).toHaveProperty('accuracy')
  })

  it('11: crossEntropy makes classes of 26 numbers', async () => {
    write('letters.csv', [['a', 'b', 'letter'], ...Array.from({ length: 78 }, (_, i) => [i % 13, i % 2, i % 26])])
    await run(`train --data letters.csv --layers -,4,26 --activation relu --loss crossEntropy --epochs 1 --backend cpu --out letters.json`) // prettier-ignore
    const { classes } = JSON.parse(readFileSync(file('letters.json'), 'utf8')) as { classes: string[] }
    expect(classes).toEqual(Array.from({ length: 26 }, (_, i) => String(i)))
  })

  it('13: names of classes with = and commas have weights', async () => {
    const names = ['<=50K', '>50K', 'a,b']
    write('income.csv', [
      ['a', 'b', 'k'],
      ...Array.from({ length: 30 }, (_, i) => [i % 7, i % 3, `"${names[i % 3]!}"`]),
    ])
    const args = `train --data income.csv --layers -,4,- --epochs 2 --seed 1`
    const plain = await json(args)
    expect(await json(`${args} --class-weights <=50K=1,>50K=1,a,b=1`)).toMatchObject({ loss: plain['loss'] })
    const { loss } = await json(`${args} --class-weights <=50K=9,>50K=1,"a,b"=1`)
    expect(loss).not.toBe(plain['loss'])
    await refused(`${args} --class-weights <=50K=1,50K=3`, "unknown name '50K' (did you mean '>50K'?)")
    await refused(`${args} --class-weights a=1,b`, 'expected a weight for each class, such as ill=20')
  })

  it('14: large targets are scaled with --standardize and linear outputs, and answers are in their own units', async () => {
    const scored = await json('evaluate --model houses.json --data houses.csv')
    expect(scored['r2']).toBeGreaterThan(0.98)
    const { out } = await run('predict --model houses.json --data houses.csv --backend cpu')
    const [head, first] = out.split('\n')
    expect([head, Math.abs(Number(first) / Number(prices[0]![4]) - 1) < 0.2]).toEqual(['prediction', true])
    const trained = await json(`train --data houses.csv --drop id --target price ${line} ${adam} --epochs 60 --standardize-targets --normalize`) // prettier-ignore
    expect(trained['r2']).toBeGreaterThan(0.9)
    await refused(`train --data kinds.csv ${network} --standardize-targets --epochs 1`, '--standardize-targets: is for regression targets') // prettier-ignore
  })

  it('31: predict and evaluate do with missing values as the model does, or as --missing says', async () => {
    const args = `train --data gaps.csv --drop id ${line} ${adam} --epochs 20 --standardize`
    await refused(args, /gaps\.csv: CSV: line 6, column 'district': the value is missing; so are .* --missing drop, --missing impute/) // prettier-ignore
    const filled = "webgpu-mlp: note: gaps.csv: 9 of 80 rows have missing values: filled with the column's median or most frequent value" // prettier-ignore
    await json(`${args} --missing impute --out impute.json`, [filled])
    await json('evaluate --model impute.json --data gaps.csv', [filled])
    await json(`${args} --missing drop --out drop.json`, ['webgpu-mlp: note: gaps.csv: 9 of 80 rows have missing values: left out']) // prettier-ignore
    const predict = async (options: string) => {
      const { out, error } = await run(`predict --data gaps.csv --keep id --backend cpu ${options}`)
      const rows = out.split('\n').slice(1, -1).map((row) => row.split(',')) // prettier-ignore
      expect(rows.map(([id]) => id)).toEqual(prices.map(([id]) => id))
      return { empty: rows.flatMap(([, answer], i) => (answer === '' ? [i] : [])), error }
    }
    const gaps = prices.flatMap((_, i) => (i % 9 === 4 ? [i] : []))
    expect(await predict('--model impute.json')).toEqual({ empty: [], error: `${filled}\n` })
    const empty = { empty: gaps, error: 'webgpu-mlp: note: gaps.csv: 9 rows have missing values: the predictions are empty there\n' } // prettier-ignore
    expect(await predict('--model impute.json --missing drop')).toEqual(empty)
    expect(await predict('--model drop.json')).toEqual(empty)
    expect(await predict('--model houses.json --missing drop')).toEqual(empty)
    await refused('predict --model impute.json --data gaps.csv --missing error', "line 6, column 'district'")
    await refused('predict --model houses.json --data gaps.csv --missing impute', "the model can fill them only where it was trained with 'impute'") // prettier-ignore
    const whole = await json('evaluate --model impute.json --data gaps.csv --missing drop', [expect.stringContaining('left out')]) // prettier-ignore
    const stream = await json('evaluate --model impute.json --data gaps.csv --missing drop --stream', [expect.stringContaining('left out')]) // prettier-ignore
    expect(Math.abs(stream['loss']! - whole['loss']!)).toBeLessThan(1e-6 * whole['loss']!)
  })

  it.each(['--standardize', '--standardize --missing drop', '--normalize --standardize-targets'])(
    'streams of words, missing values and scaled targets train as whole files do: %s',
    async (options) => {
      const args = `train --data gaps.csv --drop id ${line} ${adam} --epochs 3 --no-shuffle --missing impute ${options}`
      const note = [expect.stringContaining('9 of 80 rows have missing values')]
      const whole = await json(args, note)
      const stream = await json(`${args} --stream`, note)
      expect(Math.abs(stream['loss']! - whole['loss']!)).toBeLessThan(1e-6 * whole['loss']!)
    },
  )

  it('32: unseen words are counted, and what the model cannot take is refused', async () => {
    const changed = (column: number, word: string, from = 3) => [priceHead, ...prices.map((row, i) => (i % 5 === from ? row.map((cell, j) => (j === column ? word : cell)) : row))] // prettier-ignore
    write('unseen.csv', changed(2, 'west'))
    const note = (name: string) => [`webgpu-mlp: note: ${name}: column 'district': 16 values are categories that the training data do not have, the first 'west' in line 5; all inputs of the column are 0 there`] // prettier-ignore
    await json('evaluate --model houses.json --data unseen.csv', note('unseen.csv'))
    const { error } = await run('predict --model houses.json --data unseen.csv --backend cpu')
    expect(error).toBe(`${note('unseen.csv')[0]}\n`)
    write('words.csv', changed(1, 'big'))
    await refused('predict --model houses.json --data words.csv', "words.csv: CSV: line 5, column 'area': found 'big', expected a finite number") // prettier-ignore
    write('numbers.csv', [priceHead, ...prices.map((row, i) => row.map((cell, j) => (j === 2 ? String(i % 3) : cell)))])
    await refused('predict --model houses.json --data numbers.csv', "numbers.csv: CSV: line 2, column 'district': found '0', expected words") // prettier-ignore
    await refused('predict --model houses.json --data kinds.csv', "kinds.csv: features: the file has no column 'area'; it has a, b, c, kind") // prettier-ignore
    await refused('predict --model houses.json --data houses.csv --keep name', "keep: the file has no column 'name'; it has id") // prettier-ignore
  })

  it('38: several targets, or labels, are named with commas or one after another', async () => {
    const random = randomNumbers(5)
    const rows = Array.from({ length: 60 }, () => [random(), random()])
    write('two.csv', [['a', 'b', 'u', 'v'], ...rows.map(([a, b]) => [a!, b!, 2 * a! + b!, a! - b!])])
    const args = `train --data two.csv --layers -,8,2 --activation relu,linear --loss meanSquaredError ${adam} --epochs 2`
    const comma = await json(`${args} --target u,v`)
    expect((await json(`${args} --target u --target v`))['loss']).toBe(comma['loss'])
    write('labels.csv', [['a', 'b', 'p', 'q'], ...rows.map(([a, b]) => [a!, b!, Number(a! > 0), Number(b! > 0)])])
    const labels = '--layers -,2 --activation sigmoid --loss binaryCrossEntropy --optimizer adam --lr 0.2 --seed 1'
    const trained = await json(`train --data labels.csv --target p,q ${labels} --epochs 60 --out labels.json`)
    expect(trained['accuracy']).toBeGreaterThan(0.95)
    expect(trained).toHaveProperty('exactMatch')
    expect((await json('evaluate --model labels.json --data labels.csv'))['accuracy']).toBe(trained['accuracy'])
    const { out } = await run('predict --model labels.json --data labels.csv --backend cpu')
    expect(out.split('\n')[0]).toBe('prediction,p,q')
  })

  it('38: epochs show the share of correct labels on the way, in history and report, also of a resumed run', async () => {
    const random = randomNumbers(5)
    const rows = Array.from({ length: 60 }, () => [random(), random()])
    write('signs.csv', [['a', 'b', 'p', 'q'], ...rows.map(([a, b]) => [a!, b!, Number(a! > 0), Number(b! > 0)])])
    const args = 'train --data signs.csv --target p,q --layers -,2 --activation sigmoid --loss binaryCrossEntropy --seed 1 --backend cpu --validation signs.csv' // prettier-ignore
    const whole = await run(`${args} --epochs 3 --report whole.html`)
    expect(whole.out).toMatch(/^Epoch 3 loss \S+ score \d+\.\d+ % validation loss \S+ score \d+\.\d+ %$/m)
    expect((await run(`${args} --epochs 2 --checkpoint signs.ck`)).code).toBe(0)
    expect((await run('train --resume signs.ck --epochs 3 --report resumed.html')).code).toBe(0)
    const accuracies = (name: string) =>
      readFileSync(file(name), 'utf8').trim().split('\r\n').slice(1).map((row) => row.split(',').slice(0, 5)) // prettier-ignore
    const history = accuracies('whole-history.csv')
    expect(history).toHaveLength(3)
    for (const [, , accuracy, , validation] of history) {
      for (const share of [accuracy, validation]) expect(Number(share) * 120).toBeCloseTo(Math.round(Number(share) * 120), 9) // prettier-ignore
      expect(Number(accuracy)).toBeGreaterThan(0.2)
    }
    expect(accuracies('resumed-history.csv')).toEqual(history)
    const { record } = JSON.parse(/<script[^>]*id="run"[^>]*>(.*?)<\/script>/s.exec(readFileSync(file('whole.html'), 'utf8'))![1]!) as { record: { curves: { score: number[]; validationScore: number[] } } } // prettier-ignore
    expect(record.curves.score).toEqual(history.map((row) => 100 * Number(row[2])))
    expect(record.curves.validationScore).toEqual(history.map((row) => 100 * Number(row[4])))
  })

  it('39: --validation takes another file, its columns in any order', async () => {
    const args = `train --data houses.csv --drop id ${line} ${adam} --epochs 2 --standardize`
    write('order.csv', [['price', 'garden', 'area', 'note', 'district'], ...prices.map(([, area, district, garden, price]) => [price!, garden!, area!, 'x', district!])]) // prettier-ignore
    const trained = await json(`${args} --validation order.csv --target price`)
    expect(trained['validation']).toMatchObject({ loss: trained['loss'], r2: trained['r2'] })
    await refused(`${args} --validation none.csv`, "--validation: no file 'none.csv'")
    await refused(
      `${args} --validation kinds.csv --target price`,
      /kinds\.csv: (target|features): the file has no column/,
    )
    await refused(`${args} --validation order.csv --test 0.2`, '--validation: is the other of --test')
    write('new.csv', [['a', 'b', 'c', 'kind'], ...kinds(10, ['reed', 'rush'])])
    await refused(`train --data kinds.csv --validation new.csv ${network} --epochs 1`, "new.csv: CSV: line 3, column 'kind': found 'rush', expected one of the classes reed, sedge") // prettier-ignore
    write('big.csv', [['a', 'b', 'c', 'kind'], ...kinds(10).map((row, i) => (i === 4 ? ['big', ...row.slice(1)] : row))]) // prettier-ignore
    await refused(`train --data kinds.csv --validation big.csv ${network} --epochs 1`, "big.csv: CSV: line 6, column 'a': found 'big', expected a finite number") // prettier-ignore
  })

  it('40: a run goes on with another learning rate', async () => {
    const { error } = await run(
      `train --data kinds.csv ${network} ${adam} --epochs 2 --backend cpu --checkpoint run.ck`,
    )
    expect(error).toBe('')
    const resumed = await run('train --resume run.ck --epochs 4 --lr 0.001')
    expect([resumed.code, resumed.out]).toEqual([0, expect.stringContaining('learningRate 0.02 → 0.001 after epoch 2')])
  })

  it('43: inputs that are not scaled are named before training', async () => {
    const rows = kinds(60).map(([a, b, c, kind]) => [String(900 + 700 * Number(a)), b!, c!, kind!])
    write('wines.csv', [['a', 'b', 'c', 'kind'], ...rows])
    const args = `train --data wines.csv ${network} --epochs 2 --backend cpu --seed 1`
    expect((await run(args)).error).toMatch(/--standardize/)
    expect((await run(`${args} --standardize`)).error).toBe('')
  })

  it('33: --features and --drop choose the inputs, and name columns that are not there', async () => {
    await json(`train --data houses.csv --features garden,area --target price ${line} --standardize --epochs 1 --out two.json`) // prettier-ignore
    expect(JSON.parse(readFileSync(file('two.json'), 'utf8'))).toMatchObject({ features: ['garden', 'area'] })
    const wrong = `train --data houses.csv ${line} --epochs 1`
    await refused(`${wrong} --features garden,aera`, "houses.csv: features: the file has no column 'aera' (did you mean 'area'?)") // prettier-ignore
    await refused(`${wrong} --drop di`, /houses\.csv: drop: the file has no column 'di' .*it has id, area, district, garden, price/) // prettier-ignore
    await refused(`${wrong} --drop id --features area`, 'drop: features names the inputs already')
    await refused(wrong, /column 'id' has 80 different words .* leave the column out \(on the command line: --drop\)/)
  })

  it('45: an .npz file with Python objects is refused, and .npy inputs ask for their targets', async () => {
    writeFileSync(file('objects.npz'), Buffer.from(numpyFiles.archives.objects, 'base64'))
    await refused('train --data objects.npz --epochs 1', "objects.npz: y: values of type '|O', expected numbers, truth values or texts") // prettier-ignore
    writeFileSync(file('x.npy'), Buffer.from(numpyFiles.arrays['<f4'].file, 'base64'))
    await refused('train --data x.npy --epochs 1', /x\.npy: .*--targets y\.npy/)
  })

  it('train says that nothing names the target, and info takes the model as its argument', async () => {
    const last = 'the target is the last column (--target names another)'
    const args = `train --data kinds.csv ${network} --epochs 1 --backend cpu --seed 1`
    expect((await run(`${args} --out last.json`)).out).toContain(`classification: the loss is crossEntropy; ${last}\n`)
    expect((await run(`${args} --target kind`)).out).not.toContain(last)
    expect((await run('train --data circle --epochs 1 --backend cpu')).out).not.toContain(last)
    const [byArgument, byOption] = [await run('info last.json'), await run('info --model last.json')]
    expect([byArgument.code, byArgument.out]).toEqual([0, byOption.out])
    expect((await run('info last.json --model houses.json')).error).toContain('--model: the model is given already: last.json') // prettier-ignore
    expect((await run('train kinds.csv')).error).toContain("too many arguments for 'train'. Expected 0 arguments but got 1. Files are given with options") // prettier-ignore
  })

  it('a target that was not named is said to be the reason where its values are no classes of the model', async () => {
    write('more.csv', [['a', 'b', 'c', 'kind', 'remark'], ...kinds().map((row) => [...row, 'x'])])
    await run(`train --data kinds.csv ${network} --epochs 1 --backend cpu --out kinds.json`)
    const { error } = await run('evaluate --model kinds.json --data more.csv --backend cpu')
    expect(error).toBe("webgpu-mlp: more.csv: CSV: line 2, column 'remark': found 'x', expected one of the classes reed, sedge; --target names another column to predict\n") // prettier-ignore
    expect((await json('evaluate --model kinds.json --data more.csv --target kind'))['accuracy']).toBeGreaterThan(0)
  })
})
