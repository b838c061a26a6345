import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { activationNames, Encoding, Ensemble, Network, Scaling, toC } from '../src/index.ts'
import { activations } from '../src/model/activation.ts'
import type { CellValue } from '../src/model/rows.ts'
import { type CModel, compile, hasGcc, inFolder, runModels, strict, symbolsOf, untouched, withoutGcc, writeModels } from './c-program.ts' // prettier-ignore
import { isExhaustive } from './covering.ts'
import { expectClose } from './close.ts'
import { namedNetwork } from './formats.ts'
import { makeNetwork, makeRows, modelCases } from './model-cases.ts'

const elementwise = activationNames.filter((name) => name !== 'softmax')
const unit = 2 ** -24

/** A cell as C takes it: the place of a category, 1 or 0, NaN where it is missing. */
function cCell(cell: CellValue, network: Network, j: number): number {
  if (cell === null || cell === undefined || cell === '' || Number.isNaN(cell)) return NaN
  const column = network.encoding?.columns[j]
  if (column?.kind === 'category') return column.categories.indexOf(String(cell))
  if (typeof cell === 'string') return Number(cell === 'Yes')
  return Number(cell)
}

/** The inputs of the first layer, as float64 has them before they are rounded. */
function inputsOf(network: Network, rows: CellValue[][]) {
  const count = network.sizes[0]!
  const weights = Array.from({ length: count * count }, (_, i) => Number(i % (count + 1) === 0))
  const same = Network.from({ sizes: [count, count], activations: ['linear'], weights: [weights], biases: [Array<number>(count).fill(0)] }) // prettier-ignore
  Object.assign(same, { encoding: network.encoding, scaling: network.scaling })
  return same.predict(rows)
}

/**
 * How far float32 may be from float64: each operation rounds by `unit` at most, a sum of n terms by n units of the sum of their
 * absolute values, and what a layer takes over from the one below grows with its weights. No activation has a slope above 1.2.
 */
function boundsOf(network: Network, rows: CellValue[][]): number[][] {
  const inputs = inputsOf(network, rows)
  const lows = Array.from(network.scaling?.offset ?? [], (offset, i) => Math.abs(offset - Math.fround(offset)) / network.scaling!.scale[i]!) // prettier-ignore
  return rows.map((_, row) => {
    let values = Array.from(inputs.row(row))
    let errors = values.map((value, i) => unit * (5 * Math.abs(value) + 2 * (lows[i] ?? 0)))
    network.activations.forEach((activation, l) => {
      const [weights, biases, count] = [network.weights[l]!, network.biases[l]!, values.length]
      const below = { values, errors }
      const sums = Array.from(biases, (bias, i) => {
        let [sum, size, error] = [bias, Math.abs(bias), 0]
        below.values.forEach((value, j) => {
          const weight = weights[i * count + j]!
          sum += weight * value
          size += Math.abs(weight * value)
          error += Math.abs(weight) * below.errors[j]!
        })
        return { sum, error: error + (count + 2) * unit * (size + error) }
      })
      const all = sums.map(({ sum }) => sum)
      const total = all.reduce((sum, z) => sum + Math.exp(z - Math.max(...all)), 0)
      const largest = Math.max(...sums.map(({ error }) => error))
      values = all.map((z) => (activation === 'softmax' ? Math.exp(z - Math.max(...all)) / total : activations[activation].value(z))) // prettier-ignore
      errors = sums.map(
        ({ error }, i) =>
        activation === 'linear' ? error : 1.2 * (activation === 'softmax' ? 2 * largest : error) + 8 * unit * (Math.abs(values[i]!) + 1), // prettier-ignore
      )
    })
    const { offset, scale } = network.targetScaling ?? {}
    return errors.map((error, i) => {
      const [own, size] = [scale?.[i] ?? 1, Math.abs(values[i]!) * (scale?.[i] ?? 1) + Math.abs(offset?.[i] ?? 0)]
      return error * own + 3 * unit * size
    })
  })
}

const modelOf = (network: Network, rows: CellValue[][], prefix: string): CModel => ({
  prefix,
  files: toC(network, { prefix }),
  rows: rows.map((row) => row.map((cell, j) => cCell(cell, network, j))),
  outputs: network.sizes.at(-1)!,
  classifies: network.task !== 'regression' && network.task !== 'multilabel',
})

/** Numbers as float32, which C takes. */
const rounded = (rows: CellValue[][]) => rows.map((row) => row.map((cell) => (typeof cell === 'number' ? Math.fround(cell) : cell))) // prettier-ignore

function expectAnswers(networks: readonly Network[], rowsOf: readonly CellValue[][][]): void {
  const all = runModels(networks.map((network, n) => modelOf(network, rowsOf[n]!, `net${n}`)))
  networks.forEach((network, n) => {
    const [rows, answers] = [rowsOf[n]!, all[n]!]
    const [want, bounds] = [network.predict(rows), boundsOf(network, rows)]
    expect(answers.map(({ error }) => error)).toEqual(rows.map(() => 0))
    const name = `net${n}: ${network.sizes.join('-')}, ${network.activations.join(' ')}: outputs`
    expectClose(answers.flatMap(({ outputs }) => outputs), want.data, { name, atol: bounds.flat() }) // prettier-ignore
    if (network.task === 'regression') return
    network.classify(rows).forEach(({ class: label, probability }, i) => {
      // Within the bound, two classes may change places.
      if (answers[i]!.label !== Number(label))
        expect(Math.abs(answers[i]!.probability - probability)).toBeLessThan(2 * Math.max(...bounds[i]!))
      expectClose(answers[i]!.probability, probability, { name: `${name}, probability`, atol: 2 * Math.max(...bounds[i]!) }) // prettier-ignore
    })
  })
}

describe.skipIf(!hasGcc)(`toC${withoutGcc}`, () => {
  it('gives the answers of the network for random columns, fills, scalings, targets and activations', () => {
    const runs = isExhaustive ? 400 : 14
    const cases = fc.sample(modelCases(elementwise), { numRuns: runs, seed: Number(process.env.FORMATS_SEED ?? 20) })
    const networks = cases.map(makeNetwork)
    expectAnswers(networks, cases.map((one) => rounded(makeRows(one)))) // prettier-ignore
  }, 300_000)

  it('computes every activation, also for large values, and layers of all depths', () => {
    const networks = activationNames.map((activation, n) => {
      const hidden = activation === 'softmax' ? 'gelu' : activation
      const sizes = [3, ...[8, 5, 9].slice(0, n % 4), n % 3 === 0 ? 1 : 4]
      const output = activation === 'softmax' && sizes.at(-1)! > 1 ? activation : hidden
      return Network.create({ sizes, hidden, output, init: 'lecunNormal', seed: n })
    })
    networks.push(Network.create({ sizes: [3, 7, 2], hidden: 'mish', output: 'softmax', init: 'standardNormal', seed: 1 })) // prettier-ignore
    const rows = [[900, -800, 700], [0, 0, 0], [-3, 2, 0.125], [1e-30, -1e-30, 1e-42]] // prettier-ignore
    expectAnswers(networks, networks.map(() => rounded(rows))) // prettier-ignore
  })

  it('refuses what cannot be used, by the number of the column, and changes no output', () => {
    const network = Network.create({ sizes: [5, 2], hidden: 'tanh', output: 'softmax', seed: 3 })
    network.encoding = new Encoding(
      [{ kind: 'number', fill: 40 }, { kind: 'category', categories: ['ash', 'oak', 'elm'] }, { kind: 'boolean' }],
      'impute',
    )
    const good = [[NaN, 1, 1], [3, -1, 0]] // prettier-ignore
    const bad: [number[], number][] = [
      [[Infinity, 1, 1], 1], [[1, 3, 1], 2], [[1, 0.5, 1], 2], [[1, -2, 1], 2], [[1, NaN, 1], 2], [[1, 1e30, 1], 2],
      [[1, 1, NaN], 3], [[1, 1, 2], 3], [[1, 1, -0.5], 3],
    ] // prettier-ignore
    const plain = Network.create({ sizes: [2, 1], seed: 1 })
    const [encoded, numbers] = runModels([
      { prefix: 'a', files: toC(network, { prefix: 'a' }), rows: [...good, ...bad.map(([row]) => row)], outputs: 2, classifies: true }, // prettier-ignore
      { prefix: 'b', files: toC(plain, { prefix: 'b' }), rows: [[NaN, 0], [0, -Infinity]], outputs: 1, classifies: true }, // prettier-ignore
    ])
    expect(encoded!.map(({ error }) => error)).toEqual([0, 0, ...bad.map(([, column]) => column)])
    expect(encoded!.slice(2).map(({ label }) => label)).toEqual(bad.map(([, column]) => -column))
    for (const { outputs } of encoded!.slice(2)) expect(outputs).toEqual([untouched, untouched])
    expect(numbers!.map(({ error, label, outputs }) => [error, label, ...outputs])).toEqual([[1, -1, untouched], [2, -2, untouched]]) // prettier-ignore
  })

  it('exports an ensemble, whose networks may know different categories', () => {
    const words = [['oak', 'ash'], ['elm', 'oak'], ['ash', 'elm', 'oak']] // prettier-ignore
    const networks = words.map((categories, seed) => {
      const network = Network.create({ sizes: [categories.length + 1, seed + 2, 3], output: 'softmax', seed })
      if (seed === 2) network.scaling = new Scaling('standardize', [...categories.map(() => 0.5), 20.1], [...categories.map(() => 2), 7]) // prettier-ignore
      network.encoding = new Encoding([{ kind: 'category', categories, fill: 'oak' }, { kind: 'number' }], 'impute')
      return network
    })
    const single = Ensemble.from([1, 2].map((seed) => Network.create({ sizes: [2, 1], seed })))
    const ensemble = Ensemble.from(networks)
    const rows: CellValue[][] = [['oak', 1], ['elm', 30], ['ash', 12.5], [null, -3], ['pine', 0]] // prettier-ignore
    const order = ['oak', 'ash', 'elm']
    const inC = rows.map(([word, value]) => [word === null ? NaN : order.indexOf(word as string), value as number])
    const [got, gotSingle] = runModels([
      { prefix: 'forest', files: toC(ensemble, { prefix: 'forest' }), rows: inC, outputs: 3, classifies: true, isEnsemble: true }, // prettier-ignore
      { prefix: 'b', files: toC(single, { prefix: 'b' }), rows: [[1, 2]], outputs: 1, classifies: true, isEnsemble: true }, // prettier-ignore
    ])
    const { mean, deviation } = ensemble.predictWithSpread(rows)
    expectClose(got!.flatMap(({ outputs }) => outputs), mean.data, { name: 'mean', atol: 1e-6 }) // prettier-ignore
    expectClose(got!.flatMap((one) => one.deviation), deviation.data, { name: 'deviation', atol: 1e-6 }) // prettier-ignore
    expect(got!.map(({ label }) => String(label))).toEqual(ensemble.classify(rows).map((one) => one.class))
    expectClose(gotSingle![0]!.outputs, single.predict([[1, 2]]).data, { name: 'single', atol: 1e-6 })
  })

  it('takes as much memory as the header says, and can be compiled under names of any characters', () => {
    const network = namedNetwork()
    const files = toC(network)
    expect(files.header).toContain('MODEL_CLASS_NO = 0,')
    expect(files.header).toContain('MODEL_COLUMN_GROSSE_IN_M = 0,')
    expect(files.source).toContain('"yes \\360\\237\\230\\200"')
    const [, flash, ram] = /Memory: ([\d,]+) bytes of constants \(flash\), ([\d,]+) bytes static/.exec(files.header)!
    inFolder((folder) => {
      writeModels(folder, [{ prefix: 'model', files, rows: [[1, 2, 3]], outputs: 2, classifies: true }])
      // A header is included twice, and first.
      compile(folder, 'gcc', ['-std=c99', '-Os', ...strict, '-include', 'model.h', '-include', 'model.h', '-c', 'model.c']) // prettier-ignore
      compile(folder, 'g++', ['-std=c++11', '-fsyntax-only', ...strict, '-x', 'c++', 'model.c', '-include', 'model.h'])
      compile(folder, 'gcc', ['-std=c99', ...strict, '-DMODEL_STORAGE=', '-c', 'model.c', '-o', 'stack.o'])
      const sizeOf = (kinds: string, symbols: { kind: string; size: number }[]) =>
        symbols.reduce((sum, { kind, size }) => sum + (kinds.includes(kind) ? size : 0), 0)
      const symbols = symbolsOf(folder, 'model.o')
      const count = (text: string) => Number(text.replace(',', ''))
      expect(sizeOf('b', symbols)).toBe(count(ram!))
      expect(sizeOf('b', symbolsOf(folder, 'stack.o'))).toBe(0)
      // Pointers have 8 bytes here, and 4 on microcontrollers. The texts have no symbols.
      const texts = Buffer.byteLength(network.classes!.join('')) + network.classes!.length
      expect(sizeOf('rRdD', symbols) + texts - 4 * network.classes!.length).toBe(count(flash!))
    })
  })
})
