import { describe, expect, it } from 'vitest'
import { comparisons } from '../docs/generate/benchmark.ts'
import { unexplained } from '../docs/generate/errors.ts'
import { explanationOf, explanations } from '../docs/generate/explanations.ts'
import { flowchartsAsLists } from '../docs/generate/flowchart.ts'
import { readMessages } from '../docs/generate/messages.ts'
import { noteKinds, readNotes } from '../docs/generate/notes.ts'

/** The generated pages of the documentation site. */

describe('the page of errors', () => {
  it('explains every message that the sources make', () => {
    expect(unexplained().map(({ file, text }) => `${file}: ${text}`)).toEqual([])
  })

  it('has no explanation without a message', () => {
    const used = new Set(readMessages().map(({ file, text }) => explanationOf(text, file.replace(/^src\//, ''))))
    expect(explanations.filter((one) => !used.has(one)).map(({ title }) => title)).toEqual([])
  })

  it('finds messages in templates, sums and conditions', () => {
    const texts = readMessages().map(({ text }) => text)
    expect(texts.length).toBeGreaterThan(500)
    expect(texts).toContain('…: unknown name …; known are …')
    expect(texts).toContain('classify: the network predicts regression targets; use predict')
  })
})

describe('notes and advice', () => {
  const notes = [...readNotes()]
  const all = notes.flatMap(([, texts]) => texts)

  it.each(noteKinds)('are found: $title', (kind) => {
    expect(notes.find(([one]) => one === kind)?.[1].length).toBeGreaterThan(2)
  })

  it.each([
    'the inputs are of very different sizes: … reaches …, …',
    'the network is worse than always answering the mean of the targets (R² …)',
    'take --standardize-targets',
    'this browser has no WebGPU: use a recent Chrome, Edge, Firefox or Safari',
    'line … is a title above the table, and no row of it',
    'interrupted while folds were trained; nothing was written',
  ])('have: %s', (text) => {
    expect(all).toContain(text)
  })
})

it('compares each backend with other libraries, by the rates of the kept runs', () => {
  const all = comparisons()
  expect(new Set(all.map(({ backend }) => backend))).toEqual(new Set(['wasm', 'webgpu', 'cpu']))
  for (const { own, peers } of all) {
    for (const { workload, stepsPerSecond, ratio } of peers) {
      const mine = own.find((one) => one.workload === workload)
      if (stepsPerSecond !== undefined) expect(ratio! * stepsPerSecond).toBeCloseTo(mine!.stepsPerSecond!, 3)
    }
  }
})

it('writes flowcharts as lists', () => {
  const chart = '```mermaid\nflowchart TD\n  a["first: x"] --> b["second"]\n  a --> c["third"]\n```'
  expect(flowchartsAsLists(chart)).toBe('- **first: x** → second, third')
})
