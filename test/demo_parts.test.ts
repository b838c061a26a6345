import { describe, expect, it } from 'vitest'
import { centreDrawing } from '../demo/pad.ts'
import { decodePoints, encodePoints, MAX_POINTS } from '../demo/points.ts'
import { fromHash, toHash } from '../demo/link.ts'
import { defaultsFor } from '../demo/presets.ts'
import { ColumnEstimates, columnsOf, mostInformativeColumns } from '../demo/worker/axes.ts'
import { Dataset, Matrix } from '../src/index.ts'

describe('points in an address', () => {
  it('survive a round trip within one quantisation step', () => {
    const points = [
      { x: 0.123, y: -1.05, second: true },
      { x: -0.5, y: 0.25, second: false },
    ]
    const text = encodePoints(points)
    expect(text).toMatch(/^[\w-]+$/)
    decodePoints(text)!.forEach((point, i) => {
      expect(point.second).toBe(points[i]!.second)
      expect(Math.abs(point.x - points[i]!.x)).toBeLessThanOrEqual(1 / 8192)
      expect(Math.abs(point.y - points[i]!.y)).toBeLessThanOrEqual(1 / 8192)
    })
    expect(encodePoints([])).toBe('')
  })

  it('are refused if the text is truncated, edited, or too long', () => {
    const text = encodePoints([{ x: 0, y: 0, second: true }])
    expect(decodePoints(text.slice(0, -2))).toBeUndefined()
    expect(decodePoints('a b')).toBeUndefined()
    const many = Array.from({ length: MAX_POINTS + 1 }, () => ({ x: 0, y: 0, second: true }))
    expect(decodePoints(encodePoints(many))).toBeUndefined()
  })
})

describe('settings in an address', () => {
  it('survive a round trip, for problems with different defaults', () => {
    for (const problem of ['circle', 'hills', 'digits', 'own'] as const) {
      const settings = { ...defaultsFor(problem), seed: 9, l1: 0.01 }
      expect(fromHash(toHash(settings))).toEqual({ settings, problems: [] })
    }
    expect(toHash(defaultsFor('circle'))).toBe('')
    expect(toHash(defaultsFor('digits'))).toBe('problem=digits')
  })

  it('are made consistent', () => {
    expect(fromHash('problem=hills&loss=crossEntropy&activations=tanh-softmax').settings).toMatchObject({
      loss: 'quadratic',
      activations: ['tanh', 'linear'],
    })
    expect(fromHash('constructor=1&__proto__=2&toString=3').problems).toEqual([
      'The link contains “constructor”, which is not a setting of this page.',
      'The link contains “__proto__”, which is not a setting of this page.',
      'The link contains “toString”, which is not a setting of this page.',
    ])
    const many = fromHash(Array.from({ length: 1000 }, (_, i) => `${'x'.repeat(100)}${i}=1`).join('&')).problems
    expect([many.length, many[5]]).toEqual([6, 'The link has 995 more problems of this kind.'])
    expect(many[0]!.length).toBeLessThan(100)
    expect(fromHash('hidden=4-4&activations=relu').settings.activations).toEqual(['relu', 'sigmoid', 'sigmoid'])
  })
})

describe('a drawing', () => {
  const width = 56
  /** A bar of ink from x 10 to 13 and y 10 to 49. */
  const bar = Float32Array.from({ length: width * width }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)]
    return x >= 10 && x < 14 && y >= 10 && y < 50 ? 255 : 0
  })

  it('is scaled to 20 pixels, and its centre moved to the middle', () => {
    for (const centre of ['mass', 'box'] as const) {
      const picture = centreDrawing(bar, width, 28, centre)!
      const rows = Array.from({ length: 28 }, (_, y) => picture.slice(28 * y, 28 * (y + 1)).reduce((a, b) => a + b))
      expect(rows.filter((sum) => sum > 1)).toHaveLength(20)
      expect(rows.slice(4, 24).every((sum) => sum > 1.5)).toBe(true)
      const columns = Array.from({ length: 28 }, (_, x) => rows.reduce((sum, _row, y) => sum + picture[28 * y + x]!, 0))
      expect(columns.slice(13, 15).reduce((a, b) => a + b)).toBeGreaterThan(0.8 * columns.reduce((a, b) => a + b))
    }
  })

  it('is undefined if there is no ink', () => {
    expect(centreDrawing(new Float32Array(width * width), width, 28, 'mass')).toBeUndefined()
  })
})

describe('the plane of a table', () => {
  // The second column determines the class, the third is a linear function of it, the first is unrelated.
  const rows = Array.from({ length: 40 }, (_, i) => {
    const kind = i % 2
    const x = 3 * kind + ((i * 7) % 10) / 10
    return [((i * 13) % 11) / 11, x, 2 * x + 1]
  })
  const data = Dataset.from(
    rows,
    rows.map((_, i) => i % 2),
    { classes: ['a', 'b'] },
  )

  it('shows the columns that explain the classes or the regression targets best', () => {
    expect(mostInformativeColumns(data, columnsOf(data))).toEqual([1, 2])
    const heights = Dataset.from(
      rows,
      rows.map(([first, second]) => 5 * first! + 0.1 * second!),
    )
    expect(mostInformativeColumns(heights, columnsOf(heights))[0]).toBe(0)
  })

  it('estimates the other columns from the two shown', () => {
    const row = new Float32Array(3)
    new ColumnEstimates(Matrix.from(rows), [0, 1]).fill(row, 0.5, 2)
    expect(row[0]).toBe(0.5)
    expect(row[1]).toBe(2)
    expect(row[2]).toBeCloseTo(5, 5)
    // Linearly dependent axes: only the first is used.
    new ColumnEstimates(Matrix.from(rows), [1, 2]).fill(row, 2, 5)
    expect(row.every(Number.isFinite)).toBe(true)
  })
})
