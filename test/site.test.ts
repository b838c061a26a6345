import { describe, expect, it } from 'vitest'
import { unexplained } from '../docs/generate/errors.ts'
import { explanationOf, explanations } from '../docs/generate/explanations.ts'
import { flowchartsAsLists } from '../docs/generate/flowchart.ts'
import { readMessages } from '../docs/generate/messages.ts'

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

it('writes flowcharts as lists', () => {
  const chart = '```mermaid\nflowchart TD\n  a["first: x"] --> b["second"]\n  a --> c["third"]\n```'
  expect(flowchartsAsLists(chart)).toBe('- **first: x** → second, third')
})
