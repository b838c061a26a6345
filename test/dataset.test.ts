import { describe, expect, it } from 'vitest'
import { oneHot } from '../src/data/classes.ts'
import { argmax } from '../src/core/matrix.ts'
import { Dataset, type DatasetNames, type Targets } from '../src/data/dataset.ts'
import { split } from '../src/data/split.ts'
import { InputError } from '../src/core/errors.ts'

const x = [[1], [2], [3]]
const from = (y: unknown, names: unknown = {}) => Dataset.from(x, y as Targets, names as DatasetNames)

describe('Dataset.from', () => {
  it('accepts a matrix of targets', () => {
    const data = from([[0, 1], [1, 0], [0, 1]], { features: ['length'], classes: ['a', 'b'] }) // prettier-ignore
    expect(data.length).toBe(3)
    expect(data.targets.toArray()).toEqual([[0, 1], [1, 0], [0, 1]]) // prettier-ignore
    expect([data.features, data.classes]).toEqual([['length'], ['a', 'b']])
    expect([...data.labels()]).toEqual([1, 0, 1])
  })

  it('accepts one number per sample: one column, or one-hot columns if classes are given', () => {
    expect(from([0.5, 2, -1]).targets.toArray()).toEqual([[0.5], [2], [-1]])
    expect(from(Float64Array.of(1, 2, 3)).targets.toArray()).toEqual([[1], [2], [3]])
    expect(from([2, 0, 1], { classes: ['a', 'b', 'c'] }).targets.toArray()).toEqual([[0, 0, 1], [1, 0, 0], [0, 1, 0]]) // prettier-ignore
  })

  it('accepts one class name per sample: collected and sorted, or in the order given', () => {
    const found = from(['b', 'a', 'b'])
    expect(found.classes).toEqual(['a', 'b'])
    expect(found.targets.toArray()).toEqual([[0, 1], [1, 0], [0, 1]]) // prettier-ignore
    expect(from(['b', 'a', 'b'], { classes: ['b', 'c', 'a'] }).targets.toArray()).toEqual([[1, 0, 0], [0, 0, 1], [1, 0, 0]]) // prettier-ignore
  })

  it('derives the labels of one column from the side of the decision boundary', () => {
    const data = from([[-1], [0.2], [1]], { classes: ['no', 'yes'] })
    expect([...data.labels()]).toEqual([0, 0, 1])
    expect([...data.labels(0)]).toEqual([0, 1, 1])
  })

  it.each([
    [[1, 2], {}, 'y: expected 3 rows, one for each of x, got 2'],
    [[], {}, 'y: expected at least one target, got none'],
    [[1, NaN, 2], {}, /^y: row 1, column 0 is NaN/],
    [[1, null, 2], {}, 'y: value 1 is null, expected a number'],
    [[1, '2', 3], {}, "y: value 1 is '2', expected a number"],
    [['a', 'b', 'a'], { classes: ['a', 'c'] }, "y: sample 1 is 'b', expected one of the classes a, c"],
    [['a', 'b', 1], {}, /^y: sample 2 is 1, expected one of the classes/],
    [['a', 'a', 'a'], {}, "y: every sample is 'a', expected at least two classes"],
    [[0, 1, 3], { classes: ['a', 'b', 'c'] }, 'labels: sample 2 is 3, expected a whole number from 0 to 2'],
    [[0, 1, 0.5], { classes: ['a', 'b'] }, 'labels: sample 2 is 0.5, expected a whole number from 0 to 1'],
    [
      [
        [0, 0],
        [0, 1],
        [1, 0],
      ],
      { classes: ['a', 'b', 'c'] },
      'classes: expected 2 names, one a column of y, got 3',
    ],
    [[1, 2, 3], { features: ['a', 'b'] }, 'features: expected 1 names, one a column of x, got 2'],
    [[1, 2, 3], { features: 'a' }, "features: expected a list of names, got 'a'"],
    [[0, 1, 0], { classes: ['a', 'a'] }, "classes: 'a' is listed twice"],
    [[0, 0, 0], { classes: ['a'] }, 'classes: expected at least two names, got 1'],
    [[1, 2, 3], { clases: ['a', 'b'] }, /unknown name 'clases' \(did you mean 'classes'\?\)/],
    [undefined, {}, 'y: expected a matrix or an array of rows, got undefined'],
  ])('refuses y = %j with %j', (y, names, message) => {
    expect(() => from(y, names)).toThrow(InputError)
    expect(() => from(y, names)).toThrow(message instanceof RegExp ? message : new InputError(message))
  })

  it('selects samples with their targets and names', () => {
    const data = from(['b', 'a', 'b'], { features: ['length'] }).take([2, 1])
    expect(data.inputs.toArray()).toEqual([[3], [2]])
    expect(data.targets.toArray()).toEqual([[0, 1], [1, 0]]) // prettier-ignore
    expect([data.features, data.classes]).toEqual([['length'], ['a', 'b']])
    expect(() => data.take([])).toThrow(new InputError('rows: expected at least one sample, got none'))
    expect(() => data.take([2])).toThrow(InputError)
  })
})

describe('oneHot', () => {
  it('sets the column of each label', () => {
    expect(oneHot([2, 0], 3).toArray()).toEqual([[0, 0, 1], [1, 0, 0]]) // prettier-ignore
    expect(oneHot(Uint8Array.of(0, 1)).toArray()).toEqual([[1, 0], [0, 1]]) // prettier-ignore
  })

  it.each([
    [[0, 3], 3, 'labels: sample 1 is 3, expected a whole number from 0 to 2'],
    [[-1], 3, 'labels: sample 0 is -1, expected a whole number from 0 to 2'],
    [[1.5], undefined, 'labels: sample 0 is 1.5, expected a whole number from 0 to 4294967294'],
    [[0, NaN], undefined, 'labels: sample 1 is NaN, expected a whole number from 0 to 4294967294'],
    [[], 3, 'labels: expected a list of at least one class, got an array of 0'],
    [null, 3, 'labels: expected a list of at least one class, got null'],
    [[0], 0, 'classes: expected a whole number from 1 to 4294967295, got 0'],
  ])('refuses %j of %j', (labels, classes, message) => {
    expect(() => oneHot(labels as number[], classes)).toThrow(new InputError(message))
  })
})

it('argmax is the first of the largest', () => {
  expect(argmax([9, 1, 3, 3, 0], 1, 4)).toBe(1)
  expect(argmax([5], 0, 1)).toBe(0)
})

describe('split', () => {
  const labels = Array.from({ length: 100 }, (_, i) => (i < 71 ? 'a' : i < 92 ? 'b' : 'c'))
  const inputs = labels.map((_, i) => [i])
  const data = Dataset.from(inputs, labels, { features: ['place'] })
  const places = (part: Dataset) => [...part.inputs.data]
  const counts = (part: Dataset) => [0, 1, 2].map((label) => part.labels().filter((found) => found === label).length)

  it('divides the data into parts that contain every sample once', () => {
    const { train, test } = split(data, { test: 0.29, seed: 7 })
    expect([train.length, test.length]).toEqual([71, 29])
    expect([...places(train), ...places(test)].sort((a, b) => a - b)).toEqual(inputs.map(([i]) => i))
    expect(places(test)).not.toEqual(places(test).sort((a, b) => a - b))
    expect(test.features).toEqual(['place'])
    expect(test.classes).toEqual(['a', 'b', 'c'])
  })

  it('is the same for the same seed, and differs for another seed', () => {
    const first = places(split(data, { seed: 7 }).test)
    expect(places(split(data, { seed: 7 }).test)).toEqual(first)
    expect(places(split(data, { seed: 8 }).test)).not.toEqual(first)
    expect(first).toHaveLength(20)
  })

  it('stratifies: each class has its share, the largest fractions rounded up', () => {
    // 71, 21 and 8 samples times 0.3: 21.3, 6.3 and 2.4, so the last is rounded up to 3.
    const { train, test } = split(data, { test: 0.3, seed: 7, stratify: true })
    expect(counts(test)).toEqual([21, 6, 3])
    expect(counts(train)).toEqual([50, 15, 5])
    expect([...places(train), ...places(test)].sort((a, b) => a - b)).toEqual(inputs.map(([i]) => i))
  })

  it('refuses shares that leave a part empty, and anything that is not a data set', () => {
    expect(() => split(data, { test: 0.001 })).toThrow(
      new InputError('test: 0.001 of 100 samples leaves one of the two parts empty'),
    )
    expect(() => split(data, { test: 1 })).toThrow(InputError)
    expect(() => split(data, { test: 0 })).toThrow(InputError)
    expect(() => split(data, { test: 1.5 })).toThrow(InputError)
    expect(() => split(data, { seed: -1 })).toThrow(InputError)
    expect(() => split([[1]] as unknown as Dataset)).toThrow(
      new InputError('dataset: expected a Dataset, got an array of 1'),
    )
  })
})
