import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { activationNames, lossNames, optimizerNames } from '../src/index.ts'
import { checkMachine } from '../src/node/check.ts'
import { type CheckCase, type CheckPart, compareBits, compareValues, worstOf } from '../src/training/check/case.ts'
import { checkDevice } from '../src/training/check/check.ts'
import { runCases } from '../src/training/check/runs.ts'
import { selfTestCases } from '../src/training/check/self-test.ts'
import { hiddenPairs, lossOutputs, stageCases, stageOptimizers, verifyCases } from '../src/training/check/stages.ts'
import { trainedOptimizers, trainingCases } from '../src/training/check/trainings.ts'
import { program, runCommand } from './command.ts'
import { withDevice, withNewDevice } from './device.ts'

const all = [...selfTestCases(), ...verifyCases(), ...stageCases(), ...trainingCases(), ...runCases()]
const named = (part: CheckPart, name: string): CheckCase => {
  const found = all.find((one) => one.part === part && one.name === name)
  if (!found) throw new Error(`no case ${part}: ${name}`)
  return found
}

describe('the cases of doctor --check', () => {
  it('have different names', () => {
    expect(new Set(all.map(({ part, name }) => `${part}: ${name}`)).size).toBe(all.length)
  })

  it('include every loss, optimizer and activation', () => {
    expect(new Set(lossOutputs.map(([loss]) => loss))).toEqual(new Set(lossNames))
    expect(new Set(hiddenPairs.flat())).toEqual(new Set(activationNames.filter((name) => name !== 'softmax')))
    for (const optimizers of [stageOptimizers, trainedOptimizers]) {
      expect(new Set(Object.values(optimizers).map(({ name }) => name))).toEqual(new Set(optimizerNames))
    }
  })

  it.each<[string, ArrayLike<number>, boolean]>([
    ['equal values', [1, 2], true],
    ['values within the bound', [1.0005, 2], true],
    ['a value out of the bound', [1, 2.01], false],
    ['NaN', [1, NaN], false],
    ['an infinity', [Infinity, 2], false],
    ['a missing value', [1], false],
  ])('compare %s', (_, got, ok) => {
    expect(compareValues('value', got, [1, 2], { rtol: 1e-3, atol: 0 }).ok).toBe(ok)
  })

  it('compare bits: zeros of both signs differ, NaN equals NaN', () => {
    expect(compareBits('runs', [0, NaN], [0, NaN])).toEqual({ ok: true, detail: 'runs' })
    expect(compareBits('runs', [0, 1], [-0, 1])).toEqual({ ok: false, detail: 'runs: 1 of 2 values differ' })
    expect(compareBits('runs', [0, 1], [0]).ok).toBe(false)
  })

  it('have the finding that failed, else the one with the largest error', () => {
    const [small, large, failed] = [
      { ok: true, share: 0.1, detail: 'small' },
      { ok: true, share: 0.5, detail: 'large' },
      { ok: false, share: 2, detail: 'failed' },
    ]
    expect(worstOf([small, large])).toBe(large)
    expect(worstOf([large, failed, small])).toBe(failed)
  })
})

const some = [
  named('verify', '64-32-10, tanh, sigmoid'),
  named('stages', 'crossEntropy on softmax outputs'),
  named('trainings', 'straight: adam'),
  named('self-test', 'a small network'),
  named('runs', 'small networks side by side'),
  named('runs', 'layered: divergence is detected'),
  named('runs', 'the same bits in windows'),
]

describe('a case', () => {
  for (const one of some) {
    withDevice(`passes on this adapter: ${one.part}, ${one.name}`, async ({ gpu }) => {
      const { ok, share = 0, detail } = await one.run(gpu)
      expect(ok, detail).toBe(true)
      expect(share).toBeLessThan(1)
    })
  }

  /** Replaces a piece of every shader that contains it. */
  const sabotage = (gpu: GPUDevice, from: string, to: string) => {
    let count = 0
    const create = gpu.createShaderModule.bind(gpu)
    gpu.createShaderModule = (descriptor) => {
      if (descriptor.code.includes(from)) count++
      return create({ ...descriptor, code: descriptor.code.replaceAll(from, to) })
    }
    return () => count
  }

  withNewDevice('fails where a kernel is wrong, and names layer and stage', async ({ gpu }) => {
    const replaced = sabotage(gpu, '1.0 - a * a', '1.0 - a')
    const { ok, detail } = await named('verify', '64-32-10, tanh, sigmoid').run(gpu)
    expect(replaced()).toBeGreaterThan(0)
    expect(ok).toBe(false)
    expect(detail).toMatch(/^layer 1, delta: relative error \S+, at most \S+$/)
  })
})

describe('the check of a device', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-check-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('reports each case as it ends, and describes adapter and machine', async () => {
    const passed: string[] = []
    const started: [number, number][] = []
    const report = await checkMachine(
      {
        onStart: (_, done, all) => started.push([done, all]),
        onResult: ({ name, ok }) => ok && passed.push(name),
      },
      { parts: ['verify'], rates: false },
    )
    expect(report.ok).toBe(true)
    expect(passed).toEqual(verifyCases().map(({ name }) => name))
    expect(started).toEqual(passed.map((_, i) => [i, passed.length]))
    expect(report.adapter!.limits.maxBufferSize).toBeGreaterThanOrEqual(2 ** 28)
    expect(report.adapter!.features.length).toBeGreaterThan(0)
    expect(report.adapter!.name).not.toBe('')
    expect(report.machine).toMatchObject({ node: process.version, dawn: expect.stringMatching(/^\d/) as string })
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ format: 'webgpu-mlp check', rates: [], ok: true })
  })

  it('ends early, with the reason, when the device is lost', async () => {
    const open = Device.fromAdapter.bind(Device)
    let gpu: GPUDevice | undefined
    const spy = vi.spyOn(Device, 'fromAdapter').mockImplementation(async (adapter) => {
      const device = await open(adapter)
      gpu = device.gpu
      return device
    })
    try {
      const names: string[] = []
      const onStart = (name: string) => {
        if (names.push(name) === 2) gpu!.destroy()
      }
      const report = await checkDevice({ onStart }, { parts: ['verify', 'stages'], rates: true })
      expect(report.ok).toBe(false)
      expect(report.results.map(({ ok }) => ok)).toEqual([true, false])
      expect(names).toHaveLength(2)
      expect(report.problems).toEqual([expect.stringMatching(/^the check ended early: the GPU device .* was lost/)])
    } finally {
      spy.mockRestore()
    }
  })

  it('writes a report that says why nothing was checked, and exits 1, where there is no adapter', async () => {
    const env = { VK_DRIVER_FILES: '/nothing', VK_ICD_FILENAMES: '/nothing' }
    const { code, out } = await runCommand(['doctor', '--check'], { cwd: folder, env })
    expect(code).toBe(1)
    expect(out).toMatch(/No GPU adapter was found[^]*Nothing was checked: no WebGPU adapter/)
    const report = JSON.parse(readFileSync(join(folder, 'webgpu-mlp-check.json'), 'utf8')) as object
    expect(report).toMatchObject({ format: 'webgpu-mlp check', ok: false, diagnosis: { adapters: [] } })
    // A report of an earlier check is replaced.
    const again = await runCommand(['doctor', '--check', '--json', '--out', 'webgpu-mlp-check.json'], {
      cwd: folder,
      env,
    })
    expect(again.code).toBe(1)
    expect(JSON.parse(again.out)).toMatchObject({ ok: false })
  })

  it('replaces no file of another program, and begins nothing before that is known', async () => {
    const path = join(folder, 'notes.json')
    writeFileSync(path, '{"format":"mine"}')
    const { code, error } = await runCommand(['doctor', '--check', '--out', path], { cwd: folder })
    expect(code).toBe(2)
    expect(error).toContain('exists, and is not a check that webgpu-mlp wrote')
    const without = await runCommand(['doctor', '--out', path], { cwd: folder })
    expect([without.code, without.error]).toEqual([2, expect.stringContaining('give --check too')])
    expect(readFileSync(path, 'utf8')).toBe('{"format":"mine"}')
  })

  it('is also a program that needs no package but webgpu', () => {
    const seen = new Set<string>()
    const packages = new Set<string>()
    const visit = (path: string) => {
      if (seen.has(path)) return
      seen.add(path)
      for (const [, name] of readFileSync(path, 'utf8').matchAll(
        /^(?:im|ex)port\b(?:[^'"]*\bfrom)? ?["']([^'"]+)["']/gm,
      )) {
        if (name!.startsWith('.')) visit(join(dirname(path), name!))
        else if (!name!.startsWith('node:')) packages.add(name!)
      }
    }
    const entry = join(dirname(program), 'check-gpu.js')
    expect(existsSync(entry)).toBe(true)
    visit(entry)
    expect(seen.size).toBeGreaterThan(1)
    expect([...packages]).toEqual([])
  })
})
