import { describe, expect, test } from 'vitest'
import { expectClose } from './close.ts'

describe('expectClose', () => {
  test('passes at the bound, and fails just beyond it', () => {
    expectClose([1, 10.5], [1, 10], { name: 'a', atol: 0.5 })
    expectClose([1, 11], [1, 10], { name: 'a', rtol: 0.1 })
    expectClose([1, 11.5], [1, 10], { name: 'a', atol: 0.5, rtol: 0.1 })
    expect(() => expectClose([1, 11.6], [1, 10], { name: 'a', atol: 0.5, rtol: 0.1 })).toThrow(/out of bounds/)
    expect(() => expectClose([1 + 2 ** -52], [1], { name: 'a' })).toThrow(/out of bounds/)
  })

  test('names the first bad index, both values, the bound and the number of bad values', () => {
    expect(() => expectClose([0, 3, 4], [0, 1, 1], { name: 'deltas[1]', atol: 0.5 })).toThrow(
      'deltas[1][1]: got 3, want 1: |got - want| = 2 > 0.5 (2 of 3 values out of bounds)',
    )
  })

  test('accepts one absolute bound per element', () => {
    expectClose([1, 2], [0, 0], { name: 'a', atol: [1, 2] })
    expect(() => expectClose([1, 2], [0, 0], { name: 'a', atol: [2, 1] })).toThrow(/^a\[1\]/)
    expect(() => expectClose([1, 2], [0, 0], { name: 'a', atol: [2] })).toThrow('a: 1 bounds for 2 values')
  })

  test('accepts numbers', () => {
    expectClose(1, 1, { name: 'loss' })
    expect(() => expectClose(1, 2, { name: 'loss' })).toThrow(/^loss/)
    expect(() => expectClose(1, [1], { name: 'loss' })).toThrow('loss: a number against an array')
  })

  test.each([
    ['NaN got', [Number.NaN], [0]],
    ['NaN wanted', [0], [Number.NaN]],
    ['NaN on both sides', [Number.NaN], [Number.NaN]],
    ['Infinity got', [Infinity], [0]],
    ['Infinity wanted', [0], [Infinity]],
    ['infinities of opposite signs', [-Infinity], [Infinity]],
    ['different lengths', [0, 0], [0]],
    ['nothing at all', [], []],
  ])('fails on %s with any bound', (_, got, want) => {
    expect(() => expectClose(got, want, { name: 'a', atol: 1e300, rtol: 1 })).toThrow(/^a/)
  })

  test('an infinity equals itself; nothing else passes a NaN bound', () => {
    expectClose([Infinity, -Infinity], [Infinity, -Infinity], { name: 'a' })
    expect(() => expectClose([1], [2], { name: 'a', atol: Number.NaN })).toThrow(/^a/)
    expect(() => expectClose([1], [2], { name: 'a', rtol: Infinity })).toThrow(/^a/)
  })
})
