import { describe, expect, it } from 'vitest'
import { nearestPoint, recentPart } from '../demo/history.ts'
import { describeCount } from '../demo/picture-count.ts'
import { defaultsFor } from '../demo/presets.ts'
import { addressOf, embedCode, isEmbedded } from '../demo/share/address.ts'
import { linksOf, repositoryOf } from '../demo/share/links.ts'
import { MAX_MOMENTS, Recording } from '../demo/share/recording.ts'
import { EpochsPerCall } from '../demo/worker/epochs-per-call.ts'
import { pickPictures } from '../demo/worker/pictures.ts'
import { digits } from '../src/index.ts'

describe('the recording of a run', () => {
  const record = (recording: Recording<{ epoch: number }>, epoch: number) => {
    recording.add(epoch, () => ({ epoch }))
  }

  it('keeps a bounded number of moments, evenly spaced from the first to the last', () => {
    const recording = new Recording<{ epoch: number }>()
    for (let epoch = 0; epoch < 5000; epoch++) record(recording, epoch)
    const epochs = recording.moments.map(({ epoch }) => epoch)
    expect(epochs.length).toBeGreaterThan(MAX_MOMENTS / 2)
    expect(epochs.length).toBeLessThanOrEqual(MAX_MOMENTS)
    expect(epochs[0]).toBe(0)
    const steps = new Set(epochs.slice(1).map((epoch, i) => epoch - epochs[i]!))
    expect([...steps]).toEqual([64])
    expect(epochs.at(-1)).toBeGreaterThan(5000 - 2 * 64)
  })

  it('forgets the later part when training continues from an earlier epoch, and all of it for a new run', () => {
    const recording = new Recording<{ epoch: number }>()
    for (let epoch = 0; epoch < 50; epoch++) record(recording, epoch)
    record(recording, 20)
    expect(recording.moments.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 21 }, (_, i) => i))
    record(recording, 0)
    expect(recording.moments).toEqual([{ epoch: 0 }])
  })

  it('makes only the moments that it keeps', () => {
    const recording = new Recording<{ epoch: number }>()
    let made = 0
    for (let epoch = 0; epoch < 1000; epoch++) {
      recording.add(epoch, () => {
        made++
        return { epoch }
      })
    }
    expect(made).toBeLessThan(4 * MAX_MOMENTS)
  })
})

describe('addresses', () => {
  const page = 'https://example.org/some/where/?embed=1#old=1'
  const settings = { ...defaultsFor('spirals'), learningRate: 0.5 }

  it('are those of the whole page, or of the page without its controls', () => {
    expect(isEmbedded(page)).toBe(true)
    const whole = addressOf(page, settings)
    expect(whole).toMatch(/^https:\/\/example\.org\/some\/where\/#problem=spirals.*learningRate=0\.5/)
    expect(isEmbedded(whole)).toBe(false)
    const embedded = addressOf(page, settings, { embedded: true })
    expect(isEmbedded(embedded)).toBe(true)
    expect(new URL(embedded).hash).toBe(new URL(whole).hash)
  })

  it('are escaped in the code for articles', () => {
    const code = embedCode(page, settings)
    const address = addressOf(page, settings, { embedded: true })
    expect(address).toContain('&')
    expect(code).toContain(`src="${address.replaceAll('&', '&amp;')}"`)
    expect(code).toContain('title="')
  })

  it('lead to the repository from which GitHub Pages serves the page', () => {
    const on = (address: string) => repositoryOf(new URL(address))
    expect(on('https://ada.github.io/webgpu-mlp/')).toBe('https://github.com/ada/webgpu-mlp')
    expect(on('https://ada.github.io/')).toBe('https://github.com/ada/ada.github.io')
    expect(on('http://localhost:5173/')).toMatch(/^https:\/\/github\.com\/\w+\/webgpu-mlp$/)
    const links = linksOf(new URL('https://ada.github.io/mlp/'))
    expect(links.map(({ text }) => text)).toEqual(['Source', 'Article', 'Documentation'])
    for (const { href } of links) expect(href).toMatch(/^https:\/\/github\.com\/ada\/mlp/)
  })
})

describe('curves', () => {
  const points = Array.from({ length: 100 }, (_, i) => ({
    epoch: 3 * i,
    trainLoss: 1 / (1 + i),
    testLoss: null,
    trainScore: null,
    testScore: null,
  }))

  it('show the last fifth of the epochs as the recent part, and not too few points', () => {
    const epochs = recentPart(points).map(({ epoch }) => epoch)
    expect([epochs[0], epochs.at(-1)]).toEqual([240, 297])
    expect(recentPart(points.slice(0, 12))).toHaveLength(8)
    expect(recentPart([])).toEqual([])
  })

  it('find the point that is nearest to an epoch', () => {
    expect([0, 1, 2, 4, 5, 1000].map((epoch) => nearestPoint(points, epoch))).toEqual([0, 0, 1, 1, 2, 99])
    expect(nearestPoint([], 5)).toBe(-1)
  })
})

describe('pictures', () => {
  it('are counted: how many of a file are used', () => {
    const of = (train: number, test: number, available?: { train: number; test: number }) =>
      describeCount({ train: { count: train }, test: { count: test }, available })
    expect(of(2000, 500, { train: 60_000, test: 10_000 })).toBe(
      'Learns 2,000 of 60,000 pictures, tests on 500 of 10,000.',
    )
    expect(of(1600, 400, { train: 60_000, test: 0 })).toBe(
      '2,000 of 60,000 pictures are used: 1,600 to learn, 400 to test.',
    )
    expect(of(2000, 0, { train: 60_000, test: 0 })).toBe('2,000 of 60,000 pictures are used.')
    expect(of(1600, 400)).toBe('2,000 pictures: 1,600 to learn, 400 to test.')
  })

  it('of each class are shown, as bytes', () => {
    const data = digits({ samples: 200, seed: 1 })
    const { pixels, labels } = pickPictures(data)
    expect([...labels]).toEqual(Array.from({ length: 40 }, (_, i) => Math.floor(i / 4)))
    const first = data.labels().findIndex((label) => label === 3)
    const bytes = Array.from(data.inputs.row(first), (value) => Math.round(255 * value))
    expect([...pixels.subarray(12 * 784, 13 * 784)]).toEqual(bytes)
  })
})

describe('the number of epochs in a call', () => {
  /** The longest call in milliseconds, and the last number, when a call takes `overhead` and `epoch` for each epoch. */
  const simulate = (overhead: number, epoch: number) => {
    const chosen = new EpochsPerCall(60)
    let longest = 0
    for (let i = 0; i < 100; i++) {
      const milliseconds = overhead + epoch * chosen.value
      longest = Math.max(longest, milliseconds)
      chosen.observe(chosen.value, milliseconds)
    }
    return { longest, last: chosen.value }
  }

  it('remains small where each epoch is slow, so that reports arrive', () => {
    expect(simulate(0, 70).longest).toBeLessThanOrEqual(300)
    expect(simulate(0, 200).longest).toBeLessThanOrEqual(400)
  })

  it('is large where only the call is slow', () => {
    expect(simulate(100, 0.5).last).toBeGreaterThan(50)
    expect(simulate(2, 1).last).toBe(1)
  })
})
