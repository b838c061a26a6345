import { describe, expect, it } from 'vitest'
import { countMinibatches, epochOrder } from '../src/data/minibatch.ts'

describe('epochOrder', () => {
  it('is a permutation that differs between epochs and seeds, and is reproducible', () => {
    const order = epochOrder(100, 7, 1, true)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(epochOrder(100, 7, 1, true)).toEqual(order)
    expect(epochOrder(100, 7, 2, true)).not.toEqual(order)
    expect(epochOrder(100, 8, 1, true)).not.toEqual(order)
  })

  it('is the same on every platform: expected values', () => {
    expect([...epochOrder(8, 7, 1, true)]).toMatchInlineSnapshot(`
      [
        6,
        1,
        4,
        5,
        0,
        2,
        3,
        7,
      ]
    `)
    expect([...epochOrder(8, 7, 2, true)]).toMatchInlineSnapshot(`
      [
        4,
        3,
        0,
        2,
        6,
        7,
        1,
        5,
      ]
    `)
  })

  it('is the original order without shuffling', () => {
    expect([...epochOrder(5, 7, 3, false)]).toEqual([0, 1, 2, 3, 4])
  })
})

it('countMinibatches counts the last, shorter one', () => {
  expect([1, 9, 10, 11, 20].map((samples) => countMinibatches(samples, 10))).toEqual([1, 1, 1, 2, 2])
})
