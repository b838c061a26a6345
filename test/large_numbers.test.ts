import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, describe } from 'vitest'
import { Dataset, Network, normalize, parseCsv, Scaling, standardize, Trainer } from '../src/index.ts'
import { streamCsv } from '../src/node/index.ts'
import { commandProcess } from './command.ts'

/** Numbers that float32 cannot hold, and the same a thousand powers of ten smaller. */
const large = [[1e39, 1], [2e39, 2], [4e39, 3], [-1e39, 4]] // prettier-ignore
const small = large.map(([x, y]) => [x! / 1e39, y!])
const labels = ['a', 'b', 'a', 'b']
const made = () => Network.create({ sizes: [2, 3, 2], seed: 1 })

describe('numbers beyond float32', () => {
  it('are inputs of a data set once they are scaled', () => {
    for (const fit of [standardize, normalize]) {
      const data = Dataset.from(large, labels)
      const scaled = data.withScaling(fit(data)).inputs.data
      const like = Dataset.from(small, labels)
      const expected = like.withScaling(fit(like)).inputs.data
      scaled.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6))
      expect(data.take([1, 2]).withScaling(fit(data)).inputs.data[0]).toBe(scaled[2])
    }
  })

  it('are refused where nothing scales them, or not enough', async () => {
    const data = Dataset.from(large, labels)
    const message = 'x: row 0, column 0 is 1e+39; every value must be a finite number (in float32)'
    expect(() => data.inputs).toThrow(`${message}; a scaling (standardize, normalize) brings it into range`)
    const trainer = await Trainer.create(made(), { backend: 'cpu' })
    await expect(trainer.fit(data, { epochs: 1 })).rejects.toThrow(message)
    trainer.dispose()
    expect(() => data.withScaling(new Scaling('normalize', [0, 0], [0.5, 1]))).toThrow(/number \(in float32\)$/)
    expect(() => made().predict(large)).toThrow('x: row 0, column 0 is Infinity; every value must be a finite number')
    for (const bad of [NaN, Infinity]) expect(() => Dataset.from([[bad, 1], [1e39, 2]], ['a', 'b'])).toThrow(`x: row 0, column 0 is ${bad}`) // prettier-ignore
    await expect(parseCsv('a,b\n1e39,2\n')).rejects.toThrow("CSV: line 2, column 'a': found '1e39', expected a number that float32 can hold") // prettier-ignore
  })

  it('are trained on, scored and predicted from where the network scales them', async () => {
    const data = Dataset.from(large, labels)
    const network = Object.assign(made(), { scaling: standardize(data) })
    const like = Object.assign(made(), { scaling: standardize(Dataset.from(small, labels)) })
    const expected = like.predict(small).data
    network.predict(large).data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6))
    const values = { rows: 4, cols: 2, data: Float64Array.from(large.flat()) }
    expect(network.predict(values).data).toEqual(network.predict(large).data)
    expect(() => network.predict([[NaN, 1]])).toThrow('x: row 0, column 0 is NaN')
    expect(() => network.predict([[Infinity, 1]])).toThrow('x: row 0, column 0 is Infinity')
    expect(() => network.predict([[1e300, 1]])).toThrow('x: row 0, column 0 is 1e+300; every value must be a finite')
    const trainer = await Trainer.create(network, { backend: 'cpu', seed: 1 })
    await trainer.fit(data, { epochs: 2 })
    expect((await trainer.evaluate(data)).samples).toBe(4)
    expect((await trainer.predict(large)).rows).toBe(4)
    trainer.dispose()
  })

  const runHere = commandProcess()
  it('are read from streams that are scaled, and by predict', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-large-'))
    try {
      const path = join(folder, 'large.csv')
      const words = ['oak', 'elm', 'oak', 'elm']
      const rows = large.map(([x, y], i) => `${x},${y},${words[i]},${labels[i]}`)
      writeFileSync(path, ['x,y,tree,kind', ...rows, ''].join('\n'))
      await expect(streamCsv(path, { folder })).rejects.toThrow("line 2, column 'x': found '1e+39', expected a number that float32 can hold") // prettier-ignore
      using stream = await streamCsv(path, { scaling: 'standardize', shuffle: false, folder })
      const { inputs, encoding, scaling } = await stream.train.take(4)
      expect(inputs.data.every((value) => Math.abs(value) < 2)).toBe(true)
      const network = Object.assign(Network.create({ sizes: [4, 3, 2], seed: 1 }), { encoding, scaling, features: ['x', 'y', 'tree'], classes: ['a', 'b'], task: 'classification' }) // prettier-ignore
      writeFileSync(join(folder, 'model.json'), JSON.stringify(network))
      const { code, out, error } = await runHere('predict --model model.json --data large.csv --backend cpu'.split(' '), folder) // prettier-ignore
      expect([code, error]).toEqual([0, ''])
      const answers = out.trim().split('\n').slice(1).map((line) => Number(line.split(',')[1])) // prettier-ignore
      const expected = network.predict(large.map(([x, y], i) => [x!, y!, words[i]!]))
      answers.forEach((answer, i) => expect(answer).toBeCloseTo(expected.get(i, 0), 6))
      expect(answers).toHaveLength(4)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
