import { describe, expect, it } from 'vitest'
import { Dataset } from '../src/data/dataset.ts'
import { normalize, scale, standardize } from '../src/data/preprocessing.ts'
import { InputError } from '../src/core/errors.ts'
import { Scaling } from '../src/model/scaling.ts'

// Columns: 1 2 3 6 (mean 3, variance 14 / 4), constant 0.1 (not exact in binary), −4 0 4 8.
const x = [[1, 0.1, -4], [2, 0.1, 0], [3, 0.1, 4], [6, 0.1, 8]] // prettier-ignore
const data = Dataset.from(x, ['a', 'b', 'a', 'b'], { features: ['u', 'v', 'w'] })
const tenth = 0.1

describe('standardize', () => {
  it('fits mean and population standard deviation; a constant column gets scale 1', () => {
    const scaling = standardize(data)
    expect(scaling).toBeInstanceOf(Scaling)
    expect(scaling.kind).toBe('standardize')
    expect([...scaling.offset]).toEqual([3, tenth, 2])
    expect([...scaling.scale]).toEqual([Math.sqrt(3.5), 1, Math.sqrt(20)])
  })

  it('gives mean 0 and deviation 1, and does not change the original data', () => {
    const scaled = scale(data, standardize(data))
    expect(scaled.inputs.toArray().map((row) => row[0])).toEqual(
      [-2, -1, 0, 3].map((distance) => Math.fround(distance / Math.sqrt(3.5))),
    )
    expect(scaled.inputs.toArray().map((row) => row[1])).toEqual([0, 0, 0, 0])
    expect(data.inputs.get(3, 0)).toBe(6)
    expect(scaled.targets.toArray()).toEqual(data.targets.toArray())
    expect([scaled.features, scaled.classes]).toEqual([data.features, data.classes])
  })

  it('does not lose a small spread on a large mean', () => {
    const far = Dataset.from([[16777214], [16777215], [16777216]], [0, 1, 2])
    expect([...standardize(far).offset]).toEqual([16777215])
    expect([...standardize(far).scale]).toEqual([Math.sqrt(2 / 3)])
  })
})

describe('normalize', () => {
  it('maps the smallest value to 0 and the largest to 1', () => {
    const scaling = normalize(data)
    expect(scaling.kind).toBe('normalize')
    expect([...scaling.offset]).toEqual([1, tenth, -4])
    expect([...scaling.scale]).toEqual([5, 1, 12])
    const columns = scale(data, scaling).inputs.toArray()
    expect(columns[0]).toEqual([0, 0, 0])
    expect(columns[3]).toEqual([1, 0, 1])
    expect(columns[1]).toEqual([Math.fround(0.2), 0, Math.fround(4 / 12)])
  })
})

describe('errors', () => {
  it('refuses values that are not data sets or scalings, and other numbers of columns', () => {
    expect(() => standardize(x as unknown as Dataset)).toThrow(
      new InputError('dataset: expected a Dataset, got an array of 4'),
    )
    expect(() => normalize(undefined as unknown as Dataset)).toThrow(InputError)
    expect(() => scale(data, {} as never)).toThrow(
      new InputError('scaling: expected what standardize or normalize returns, got an object'),
    )
    expect(() => scale(Dataset.from([[1]], [1]), standardize(data))).toThrow(
      new InputError('x: expected 3 columns, as the scaling was fitted on, got 1'),
    )
  })
})
