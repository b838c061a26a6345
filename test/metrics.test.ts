import { describe, expect, it } from 'vitest'
import { confusionMatrix, Dataset, oneHot } from '../src/index.ts'

describe('confusionMatrix', () => {
  // The example of scikit-learn's documentation: [2, 0, 2, 2, 0, 1] answered with [0, 0, 2, 2, 0, 2].
  const data = Dataset.from(
    Array.from({ length: 6 }, (_, i) => [i]),
    oneHot([2, 0, 2, 2, 0, 1], 3),
  )

  it('counts the class of each row against the answer of each column', () => {
    expect(confusionMatrix(oneHot([0, 0, 2, 2, 0, 2], 3), data)).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ])
  })

  it('takes one output as two classes, on two sides of the boundary', () => {
    const two = Dataset.from([[0], [1], [2], [3]], [0, 0, 1, 1])
    expect(confusionMatrix([[0.2], [0.7], [0.6], [0.9]], two)).toEqual([
      [1, 1],
      [0, 2],
    ])
    const signs = Dataset.from([[0], [1], [2], [3]], [-1, -1, 1, 1])
    expect(confusionMatrix([[-0.2], [0.7], [0.1], [0.9]], signs, { boundary: 0 })).toEqual([
      [1, 1],
      [0, 2],
    ])
  })

  it('says what does not fit', () => {
    expect(() => confusionMatrix([[1, 0, 0]], data)).toThrow(
      'answers: expected 6 × 3 values, as many as targets, got 1 × 3',
    )
  })
})
