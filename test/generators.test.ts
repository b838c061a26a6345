import { describe, expect, it } from 'vitest'
import { cosineAndSine } from '../src/data/angle.ts'
import type { Dataset } from '../src/data/dataset.ts'
import { circle, digits, gate, type GateName, linear, moons, spirals, xor } from '../src/data/generators.ts'
import { InputError } from '../src/core/errors.ts'

const points = (data: Dataset) => data.inputs.toArray() as [number, number][]
const share = (data: Dataset) => data.labels().filter((label) => label === 1).length / data.length

describe.each([
  ['linear', linear, 2, 1, 500],
  ['circle', circle, 2, 2, 500],
  ['xor', xor, 2, 2, 500],
  ['moons', moons, 2, 2, 500],
  ['spirals', spirals, 2, 2, 500],
  ['digits', digits, 784, 10, 1000],
])('%s', (name, generate, features, outputs, usual) => {
  it('has the expected shape and names', () => {
    const data = generate({ samples: 30, seed: 7 })
    expect([data.inputs.rows, data.inputs.cols, data.targets.rows, data.targets.cols]).toEqual([
      30,
      features,
      30,
      outputs,
    ])
    expect(data.features).toHaveLength(features)
    expect(data.classes).toHaveLength(Math.max(2, outputs))
    expect(generate({ seed: 7 }).length).toBe(usual)
  })

  it('has one-hot targets, or one column of 0 and 1', () => {
    const { targets } = generate({ samples: 40, seed: 1 })
    expect(new Set(targets.data)).toEqual(new Set([0, 1]))
    if (outputs > 1) for (const row of targets.toArray()) expect(row.reduce((sum, value) => sum + value)).toBe(1)
  })

  it('is the same for the same seed, differs for another seed, and is random without a seed', () => {
    const inputs = (seed?: number) => [...generate({ samples: 20, seed }).inputs.data]
    expect(inputs(7)).toEqual(inputs(7))
    expect(inputs(8)).not.toEqual(inputs(7))
    expect(inputs()).not.toEqual(inputs())
  })

  it('refuses invalid options', () => {
    expect(() => generate({ samples: 0 })).toThrow(InputError)
    expect(() => generate({ samples: 1.5 })).toThrow(InputError)
    expect(() => generate({ seed: -1 })).toThrow(InputError)
    expect(() => generate({ noise: -0.1 })).toThrow(InputError)
    expect(() => generate({ noise: NaN })).toThrow(InputError)
    expect(() => generate({ sample: 5 } as object)).toThrow(
      new InputError(`${name} option: unknown name 'sample' (did you mean 'samples'?); known are ${known(name)}`),
    )
    expect(() => generate(5 as unknown as object)).toThrow(
      new InputError(`${name}: expected an object of options, such as { samples: 5 }, got 5`),
    )
  })
})

function known(name: string): string {
  const more: Record<string, string> = { circle: ', radius', spirals: ', turns' }
  return `samples, seed, noise${more[name] ?? ''}`
}

describe('points', () => {
  it('linear: class 1 where x − 1.5 y > 0.4', () => {
    const data = linear({ samples: 2000, seed: 3 })
    points(data).forEach(([x, y], i) => {
      expect(data.targets.get(i, 0), `sample ${i}`).toBe(x * 1 + y * -1.5 > 0.4 ? 1 : 0)
      expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(1)
    })
    // A share of 0.3667 of the square is below the line; the bound is five standard deviations of 2000 samples.
    expect(Math.abs(share(data) - 11 / 30)).toBeLessThan(5 * Math.sqrt(0.25 / 2000))
  })

  it('circle: class 1 inside the radius, a third of the points', () => {
    const data = circle({ samples: 2000, seed: 3 })
    points(data).forEach(([x, y], i) => {
      expect(data.labels()[i], `sample ${i}`).toBe(Math.hypot(x, y) < 0.65 ? 1 : 0)
    })
    expect(data.classes).toEqual(['outside', 'inside'])
    expect(Math.abs(share(data) - (Math.PI * 0.65 ** 2) / 4)).toBeLessThan(5 * Math.sqrt(0.25 / 2000))
    expect(share(circle({ samples: 100, seed: 3, radius: 1.5 }))).toBe(1)
    expect(() => circle({ radius: 0 })).toThrow(InputError)
  })

  it('xor: class 1 where the signs differ', () => {
    const data = xor({ samples: 500, seed: 3 })
    points(data).forEach(([x, y], i) => expect(data.labels()[i], `sample ${i}`).toBe(x * y < 0 ? 1 : 0))
    expect(Math.abs(share(data) - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 500))
  })

  it('moons: on two half circles', () => {
    const data = moons({ samples: 101, seed: 3, noise: 0 })
    points(data).forEach(([x, y], i) => {
      const upper = data.labels()[i] === 0
      expect(upper ? Math.hypot(x, y) : Math.hypot(x - 1, y - 0.5), `sample ${i}`).toBeCloseTo(1, 6)
      expect(upper ? y >= 0 : y <= 0.5).toBe(true)
    })
    expect(share(data)).toBe(50 / 101)
  })

  it('spirals: on two arms, half a turn apart', () => {
    const data = spirals({ samples: 100, seed: 3, noise: 0, turns: 1.5 })
    points(data).forEach(([x, y], i) => {
      const radius = Math.hypot(x, y)
      const angle = 3 * Math.PI * radius + Math.PI * (data.labels()[i] as number)
      expect(radius).toBeGreaterThan(0.07)
      expect(radius).toBeLessThanOrEqual(1)
      expect(x, `x of sample ${i}`).toBeCloseTo(radius * Math.cos(angle), 5)
      expect(y, `y of sample ${i}`).toBeCloseTo(radius * Math.sin(angle), 5)
    })
    expect(share(data)).toBe(0.5)
    expect(() => spirals({ turns: 0 })).toThrow(InputError)
  })

  it('noise moves the points by its standard deviation', () => {
    const [moved, still] = [0.2, 0].map((noise) => moons({ samples: 1, seed: 3, noise }))
    expect(moved?.inputs.toArray()).not.toEqual(still?.inputs.toArray())
    const data = moons({ samples: 4000, seed: 3, noise: 0.1 })
    // Across the arc, the standard deviation of the distance from the circle is nearly that of the noise.
    const distances = points(data).flatMap(([x, y], i) => (data.labels()[i] === 0 ? [Math.hypot(x, y) - 1] : []))
    const deviation = Math.sqrt(distances.reduce((sum, distance) => sum + distance ** 2, 0) / distances.length)
    expect(deviation).toBeGreaterThan(0.09)
    expect(deviation).toBeLessThan(0.11)
  })

  it('gives pinned points for a seed', () => {
    expect(circle({ samples: 2, seed: 7, noise: 0.1 }).inputs.toArray()).toEqual([
      [-0.18950437009334564, 1.0113188028335571],
      [0.0016583995893597603, -0.16437534987926483],
    ])
  })
})

describe('gate', () => {
  it.each<[GateName, number[]]>([
    ['and', [0, 0, 0, 1]],
    ['or', [0, 1, 1, 1]],
    ['nand', [1, 1, 1, 0]],
    ['xor', [0, 1, 1, 0]],
  ])('%s', (name, table) => {
    const data = gate(name)
    expect(data.inputs.toArray()).toEqual([[0, 0], [0, 1], [1, 0], [1, 1]]) // prettier-ignore
    expect([...data.targets.data]).toEqual(table)
    expect([data.targets.cols, data.features, data.classes]).toEqual([1, ['a', 'b'], ['false', 'true']])
  })

  it('refuses unknown names with the nearest', () => {
    expect(() => gate('xro' as GateName)).toThrow(
      new InputError("gate: unknown name 'xro' (did you mean 'or'?); known are and, or, nand, xor"),
    )
  })
})

describe('digits', () => {
  const data = digits({ samples: 600, seed: 5 })

  it('has the same number of each digit, in random order', () => {
    const labels = [...data.labels()]
    for (let digit = 0; digit < 10; digit++) expect(labels.filter((label) => label === digit)).toHaveLength(60)
    expect(labels).not.toEqual([...labels].sort())
    expect(data.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect([data.features?.[0], data.features?.[783]]).toEqual(['pixel0', 'pixel783'])
  })

  it('is ink on paper within the frame, with soft edges', () => {
    let soft = 0
    for (let i = 0; i < data.length; i++) {
      const image = data.inputs.row(i)
      let [ink, frame] = [0, 0]
      image.forEach((value, place) => {
        if (!(value >= 0 && value <= 1)) expect.fail(`sample ${i}, pixel ${place} is ${value}`)
        const [row, column] = [Math.floor(place / 28), place % 28]
        ink += value
        if (Math.min(row, column, 27 - row, 27 - column) === 0) frame += value
        if (value > 0.1 && value < 0.7) soft++
      })
      expect(ink, `ink of sample ${i}`).toBeGreaterThan(15)
      expect(ink, `ink of sample ${i}`).toBeLessThan(300)
      expect(frame / ink, `share of ink on the frame of sample ${i}`).toBeLessThan(0.1)
    }
    expect(soft).toBeGreaterThan(10 * data.length)
  })

  it('varies between images, but images of one digit are similar', () => {
    expect(new Set(Array.from({ length: 600 }, (_, i) => data.inputs.row(i).join())).size).toBe(600)
    const test = digits({ samples: 200, seed: 6 })
    const labels = data.labels()
    const nearest = Array.from({ length: test.length }, (_, i) => {
      const image = test.inputs.row(i)
      let [best, bestDistance] = [0, Infinity]
      for (let j = 0; j < data.length; j++) {
        const other = data.inputs.row(j)
        const distance = image.reduce((sum, value, place) => sum + (value - (other[place] as number)) ** 2, 0)
        if (distance < bestDistance) [best, bestDistance] = [labels[j] as number, distance]
      }
      return best
    })
    const right = nearest.filter((label, i) => label === test.labels()[i]).length
    // The nearest of 600 neighbours is correct far more often than by chance (10 %), but not always.
    expect(right / test.length).toBeGreaterThan(0.8)
  })

  it('stays within 0 and 1 with noise', () => {
    const noisy = digits({ samples: 10, seed: 5, noise: 0.3 }).inputs.data
    expect(noisy.every((value) => value >= 0 && value <= 1)).toBe(true)
    const between = noisy.filter((value) => value > 0 && value < 1).length
    expect(between / noisy.length).toBeGreaterThan(0.3)
  })
})

it('cosineAndSine agrees with Math within a few ulp', () => {
  for (let angle = -20; angle <= 20; angle += 0.0137) {
    const [cosine, sine] = cosineAndSine(angle)
    expect(Math.abs(cosine - Math.cos(angle)), `cos ${angle}`).toBeLessThan(4e-15)
    expect(Math.abs(sine - Math.sin(angle)), `sin ${angle}`).toBeLessThan(4e-15)
  }
  expect(cosineAndSine(0)).toEqual([1, 0])
})
