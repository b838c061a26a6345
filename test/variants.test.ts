import { beforeAll, describe, expect, it } from 'vitest'
import type { Device } from '../src/backend/webgpu/device/device.ts'
import { isExhaustive } from './covering.ts'
import { withDevice } from './device.ts'
import { requestedKernels } from './kernel-requests.ts'
import type { RequestedPipeline } from './recording-gpu.ts'

/** The text of a shader without comments. */
const withoutComments = (code: string) => code.replace(/\/\/.*$/gm, '')

interface Override {
  readonly name: string
  readonly type: string
  readonly hasDefault: boolean
}

const overridesOf = (code: string): Override[] =>
  [...withoutComments(code).matchAll(/\boverride\s+(\w+)\s*:\s*(\w+)\s*(=?)/g)].map(([, name, type, equals]) => ({
    name: name!,
    type: type!,
    hasDefault: equals === '=',
  }))

/** The values that WebGPU accepts for an override of a type. */
const inRange: Record<string, (value: number) => boolean> = {
  u32: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
  f32: (value) => Number.isFinite(Math.fround(value)),
  bool: (value) => value === 0 || value === 1,
}

/** The errors that WebGPU would report for the constants of a pipeline. */
function faultsOf({ label, code, constants }: RequestedPipeline): string[] {
  const overrides = overridesOf(code)
  const known = new Set(overrides.map(({ name }) => name))
  const unknown = Object.keys(constants).filter((name) => !known.has(name))
  const missing = overrides.filter(({ name, hasDefault }) => !hasDefault && constants[name] === undefined)
  const bad = overrides.filter(({ name, type }) => name in constants && !inRange[type]?.(constants[name]!))
  return [
    ...unknown.map((name) => `${label}: there is no constant ${name}`),
    ...missing.map(({ name }) => `${label}: constant ${name} has no value`),
    ...bad.map(({ name, type }) => `${label}: constant ${name} is a ${type}, and cannot be ${constants[name]}`),
  ]
}

/** The lengths of the workgroup arrays in a text, as they are written. */
const workgroupLengths = (code: string) =>
  [...withoutComments(code).matchAll(/var\s*<\s*workgroup\s*>\s*\w+\s*:\s*array\s*<.*,\s*([^,>]+?)\s*>\s*;/g)].map(
    ([, length]) => length!,
  )

/** The value of a length: a number, or a constant that is declared as a number. */
function isLiteral(code: string, length: string): boolean {
  const constant = new RegExp(`\\bconst\\s+${length}\\s*=\\s*\\d+u?\\s*;`)
  return /^\d+u?$/.test(length) || (/^\w+$/.test(length) && constant.test(withoutComments(code)))
}

/** One of each form: texts that differ only in numbers are compiled once, with the smallest requested tiles. */
function oneOfEach(requests: readonly RequestedPipeline[]): RequestedPipeline[] {
  const sizeOf = ({ code, constants }: RequestedPipeline) =>
    code.length + 1e4 * (constants.ROW_TILES ?? 1) * (constants.COLUMN_TILES ?? 1)
  const smallest = new Map<string, RequestedPipeline>()
  for (const request of requests) {
    // The resident plan generates its texts for each network.
    const isGenerated = request.label.includes('resident')
    const text = isGenerated ? '' : withoutComments(request.code).replace(/\b\d+u\b/g, '')
    const key = [request.label, Object.keys(request.constants).sort().join(), text].join(' ')
    const known = smallest.get(key)
    if (!known || sizeOf(request) < sizeOf(known)) smallest.set(key, request)
  }
  return [...smallest.values()]
}

describe('every kernel that training can request', () => {
  let requests: RequestedPipeline[]
  let texts: Map<string, string>

  beforeAll(async () => {
    requests = await requestedKernels()
    texts = new Map(requests.map(({ code, label }) => [code, label]))
  }, 120_000)

  it('is found in all its forms', () => {
    const has = (pattern: RegExp) => [...texts.keys()].filter((code) => pattern.test(code)).length
    // Forms that only some shapes, options or adapters lead to.
    expect(has(/fn pass_row/)).toBeGreaterThan(0)
    expect(has(/var<workgroup> partials/)).toBeGreaterThan(0)
    expect(has(/const VALUES/)).toBeGreaterThan(0)
    expect(has(/CLIP_NORM/)).toBeGreaterThan(0)
    expect(has(/TERM_STEPS/)).toBeGreaterThan(0)
    expect(has(/array<u32>;[^]*fn one_value/)).toBeGreaterThan(0)
    expect(has(/enable subgroups/)).toBeGreaterThan(10)
    expect(requests.some(({ constants }) => 'DROP_SCALE_BELOW' in constants)).toBe(true)
  })

  it('has all of its constants, no others, with values that their types can represent', () => {
    expect([...new Set(requests.flatMap(faultsOf))]).toEqual([])
  })

  it('has no workgroup array whose length is an override', () => {
    const lengths = [...texts].flatMap(([code, label]) =>
      workgroupLengths(code).map((length) => ({ label, length, literal: isLiteral(code, length) })),
    )
    expect(lengths.filter(({ literal }) => !literal)).toEqual([])
    const counted = [...texts.keys()].flatMap(
      (code) => withoutComments(code).match(/<\s*workgroup\s*>.*\barray\b/g) ?? [],
    )
    expect(lengths.length).toBe(counted.length)
    expect(new Set(lengths.map(({ label }) => label)).size).toBeGreaterThan(3)
  })

  withDevice('compiles without errors', async ({ gpu, profile }) => {
    const check = async (code: string, label: string) => {
      const { messages } = await gpu.createShaderModule({ label, code }).getCompilationInfo()
      return messages.filter(({ type }) => type === 'error').map(({ message }) => `${label}: ${message}`)
    }
    const accepted = [...texts].filter(([code]) => profile.quads || !code.includes('enable subgroups'))
    expect(accepted.length).toBeGreaterThan(20)
    expect((await Promise.all(accepted.map(([code, label]) => check(code, label)))).flat()).toEqual([])
  })

  // Other tests compile the most common kernels.
  if (!isExhaustive) return
  withDevice(
    'compiles',
    async (device) => {
      const chosen = oneOfEach(requests).filter(
        ({ code }) => device.profile.quads || !code.includes('enable subgroups'),
      )
      const results = await Promise.all(chosen.map((request) => compile(device, request)))
      expect(results.filter((result) => result !== undefined)).toEqual([])
      expect(chosen.length).toBeGreaterThan(20)
    },
    240_000,
  )
})

/** The errors that the device reports for a kernel. */
async function compile({ gpu }: Device, request: RequestedPipeline): Promise<string | undefined> {
  const { label, code, constants, layouts } = request
  const bindGroupLayouts = layouts.map((entries) => gpu.createBindGroupLayout({ label, entries: [...entries] }))
  const layout = gpu.createPipelineLayout({ label, bindGroupLayouts })
  const module = gpu.createShaderModule({ label, code })
  try {
    await gpu.createComputePipelineAsync({ label, layout, compute: { module, entryPoint: 'main', constants } })
    return undefined
  } catch (error) {
    return `${label} with ${JSON.stringify(constants)}: ${String(error)}`
  }
}
