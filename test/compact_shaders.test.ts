import { describe, expect, it } from 'vitest'
import { compactShader } from '../shaders/compact.js'
import { readHeader } from '../src/backend/webgpu/kernels/link.ts'
import { shaderTexts } from '../src/backend/webgpu/kernels/manifest.ts'

/** Everything but comments and white space. */
const tokensOf = (text: string) =>
  text
    .replace(/\/\/.*$/gm, '')
    .split(/\s+/)
    .filter(Boolean)

describe('the shaders of a build', () => {
  it.each(Object.entries(shaderTexts))('%s: the same tokens, and the lists that the linker reads', (_, text) => {
    const compact = compactShader(text)
    expect(tokensOf(compact)).toEqual(tokensOf(text))
    expect({ ...readHeader(compact), uses: [] }).toEqual({ ...readHeader(text), uses: [] })
    const code = compact.split('\n').filter((line) => !/^\/\/ (needs|provides|enables): /.test(line))
    expect(code.filter((line) => line.includes('//') || line !== line.trim() || line === '')).toEqual([])
    // A block comment would be kept.
    expect(text).not.toContain('/*')
  })
})
