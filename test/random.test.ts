import { describe, expect, it } from 'vitest'
import { drawSeed, Random } from '../src/core/random.ts'

describe('Random', () => {
  it('gives the same first values for a seed on every platform', () => {
    const random = new Random(7, 'data')
    expect(Array.from({ length: 4 }, () => random.bits())).toEqual([1913676861, 4112859011, 1216323786, 3257532289])
    expect(Array.from({ length: 3 }, () => random.normal())).toEqual([
      1.024280675729232, -2.283537667519254, -0.8383480734175175,
    ])
    expect([...new Random(7, 'shuffle', 3).permutation(8)]).toEqual([1, 2, 0, 4, 3, 7, 5, 6])
  })

  it('generates uniform numbers in [0, 1) that float32 represents exactly', () => {
    const random = new Random(1, 'data')
    let sum = 0
    for (let i = 0; i < 100_000; i++) {
      const value = random.uniform()
      if (!(value >= 0 && value < 1 && Math.fround(value) === value)) expect.fail(`draw ${i} is ${value}`)
      sum += value
    }
    // The mean of n samples has the standard deviation 1 / √(12 n); the bound is five of these.
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 100_000))
  })

  it('generates numbers between two bounds', () => {
    const random = new Random(2, 'data')
    const values = Array.from({ length: 1000 }, () => random.between(-3, 5))
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-3)
    expect(Math.max(...values)).toBeLessThan(5)
    expect(Math.min(...values)).toBeLessThan(-2.9)
    expect(Math.max(...values)).toBeGreaterThan(4.9)
  })

  it('generates normal numbers: mean 0, variance 1, skewness 0, kurtosis 3', () => {
    const random = new Random(3, 'data')
    const count = 100_000
    const sums = [0, 0, 0, 0]
    for (let i = 0; i < count; i++) {
      const value = random.normal()
      for (let power = 1; power <= 4; power++) sums[power - 1] = (sums[power - 1] as number) + value ** power
    }
    const moments = sums.map((sum) => sum / count)
    // The variances of x, x², x³, x⁴ are 1, 2, 15, 96; the bound is five standard deviations of each mean.
    const expected = [0, 1, 0, 3]
    const variances = [1, 2, 15, 96]
    moments.forEach((moment, i) => {
      const bound = 5 * Math.sqrt((variances[i] as number) / count)
      expect(Math.abs(moment - (expected[i] as number)), `moment ${i + 1}`).toBeLessThan(bound)
    })
  })

  it('generates every integer below n about equally often', () => {
    const random = new Random(4, 'data')
    const counts = [0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 70_000; i++) {
      const value = random.below(7)
      counts[value] = (counts[value] as number) + 1
    }
    expect(counts).toHaveLength(7)
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt((70_000 * 6) / 49))
    expect(new Random(5, 'data').below(1)).toBe(0)
  })

  it('permutes: every number once, in a different order', () => {
    const permutation = [...new Random(6, 'shuffle').permutation(1000)]
    const inOrder = Array.from({ length: 1000 }, (_, i) => i)
    expect(permutation).not.toEqual(inOrder)
    expect(permutation.sort((a, b) => a - b)).toEqual(inOrder)
    expect([...new Random(6, 'shuffle').permutation(0)]).toEqual([])
    // The two forms of the algorithm give the same result and leave the generator in the same state.
    for (const n of [1, 2, 3, 7, 100, 65_537]) {
      const [written, general] = [new Random(n, 'shuffle', 2), new Random(n, 'shuffle', 2)]
      const order = Uint32Array.from({ length: n }, (_, i) => i)
      expect(written.permutation(n)).toEqual(general.shuffle(order))
      expect(written.bits()).toBe(general.bits())
    }
  })

  it('shuffles in place and returns the same array', () => {
    const values = [10, 20, 30, 40, 50]
    const shuffled = new Random(8, 'shuffle').shuffle(values)
    expect(shuffled).toBe(values)
    expect([...values].sort()).toEqual([10, 20, 30, 40, 50])
  })

  it('has a separate, reproducible stream for each seed, purpose and index', () => {
    const first = (random: Random) => Array.from({ length: 4 }, () => random.bits()).join()
    const streams = [
      new Random(7, 'data'),
      new Random(8, 'data'),
      new Random(7, 'initialization'),
      new Random(7, 'split'),
      new Random(7, 'shuffle'),
      new Random(7, 'shuffle', 1),
      new Random(7, 'shuffle', 2),
      new Random(7, 'dropout'),
      new Random(0, 'data'),
      new Random(2 ** 32 - 1, 'data'),
    ].map(first)
    expect(new Set(streams).size).toBe(streams.length)
    expect(first(new Random(7, 'shuffle', 2))).toBe(streams[6])
  })

  it('generates seeds that are valid for a generator', () => {
    const seeds = Array.from({ length: 8 }, drawSeed)
    for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true)
    expect(new Set(seeds).size).toBeGreaterThan(1)
  })
})
