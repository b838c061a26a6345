import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Backend, EpochOrder } from '../src/backend/backend.ts'
import { BackendUnavailableError, circle, cpu, fit, InputError, Network, Trainer, wasm, webgpu } from '../src/index.ts'
import { chooseBackend } from '../src/training/backends.ts'
import { BackendWithFallback } from '../src/training/fallback.ts'
import { runCommand } from './command.ts'
import { importsOf } from './module-imports.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const small = () => Network.create({ sizes: [2, 3, 2], seed: 1 })
/** A step of this network is large enough for several threads. */
const large = () => Network.create({ sizes: [2, 100, 100, 2], seed: 1 })

async function describePlaced(backend: 'wasm' | 'auto' | Backend, network: Network, options = {}) {
  const trainer = await Trainer.create(network, { backend, ...options })
  const { name, description } = trainer.backend
  trainer.dispose()
  return { name, description }
}

describe('the backend wasm', () => {
  it('names its instructions and its threads', async () => {
    const one = await describePlaced('wasm', large(), { threads: 1 })
    expect(one.name).toBe('wasm')
    expect(one.description).toMatch(/^WebAssembly (relaxed )?SIMD, float32, 1 thread$/)
    const two = await describePlaced('wasm', large(), { threads: 2 })
    expect(two.description).toMatch(/, 2 threads$/)
    const backend = wasm({ threads: 3 })
    expect((await describePlaced(backend, large())).description).toMatch(/, 3 threads$/)
    backend.dispose()
    // Not for a step of some hundred multiplications.
    expect((await describePlaced('wasm', small(), { threads: 2 })).description).toMatch(/, 1 thread$/)
  })

  it('trains as the CPU backend does', async () => {
    const train = async (backend: Backend) => {
      const { epochs } = await fit(large(), circle({ samples: 300, seed: 2 }), { backend, epochs: 3, seed: 3 })
      backend.dispose()
      return epochs.map(({ loss }) => loss)
    }
    const losses = await train(wasm({ threads: 2 }))
    const expected = await train(cpu())
    losses.forEach((loss, i) => expect(Math.abs(loss - expected[i]!)).toBeLessThan(1e-4 * expected[i]!))
  })

  it('can be used again after dispose', async () => {
    const backend = wasm({ threads: 2 })
    for (let i = 0; i < 2; i++) {
      expect((await describePlaced(backend, large())).description).toMatch(/, 2 threads$/)
      backend.dispose()
    }
  })

  it.each([0, -1, 1.5, 257, 1000, NaN, '2'])('refuses %j threads', async (threads) => {
    const message = /threads: expected a whole number from 1 to 256/
    expect(() => wasm({ threads: threads as number })).toThrow(InputError)
    expect(() => wasm({ threads: threads as number })).toThrow(message)
    await expect(Trainer.create(small(), { backend: 'wasm', threads: threads as number })).rejects.toThrow(message)
  })

  it('refuses threads where they have no meaning', async () => {
    for (const backend of ['cpu', 'webgpu'] as const) {
      await expect(Trainer.create(small(), { backend, threads: 2 })).rejects.toThrow(
        `threads: goes with the backends 'wasm' and 'auto'; '${backend}' has no such option`,
      )
    }
    await expect(Trainer.create(small(), { backend: cpu(), threads: 2 })).rejects.toThrow(
      'threads: goes with the name of a backend; make this one by wasm({ threads: 2 })',
    )
    await expect(Trainer.create(small(), { backend: webgpu(), deterministic: true })).rejects.toThrow(
      'make this one by webgpu({ deterministic: true })',
    )
  })

  describe('falls back to the CPU, and says why,', () => {
    const placed = () => describePlaced('wasm', small())
    const expected = (reason: string) => ({
      name: 'cpu',
      description: `CPU, float32: WebAssembly is not used, because ${reason}`,
    })

    it('without WebAssembly', async () => {
      vi.stubGlobal('WebAssembly', undefined)
      expect(await placed()).toEqual(expected('this JavaScript engine has no WebAssembly'))
    })

    it('without SIMD', async () => {
      vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
      expect(await placed()).toEqual(expected("this JavaScript engine's WebAssembly has no SIMD instructions"))
    })

    it('where WebAssembly cannot be compiled', async () => {
      vi.spyOn(WebAssembly, 'Module').mockImplementation(function () {
        throw new WebAssembly.CompileError('not today')
      })
      expect(await placed()).toEqual(expected('this JavaScript engine does not compile WebAssembly: not today'))
    })
  })

  it('uses one thread without shared memory, and says why', async () => {
    vi.stubGlobal('crossOriginIsolated', false)
    const { name, description } = await describePlaced('wasm', large(), { threads: 2 })
    expect(name).toBe('wasm')
    expect(description).toMatch(/float32, 1 thread, because the page is not cross-origin isolated/)
  })
})

/** The time that the backends below take; it runs only when they train. */
let clock = 0

/** A backend that takes some milliseconds for an epoch, and counts what is placed on it. */
function slowBackend(name: string, milliseconds: number, error?: Error) {
  const host = cpu()
  vi.spyOn(performance, 'now').mockImplementation(() => clock)
  const backend = {
    name,
    description: `${name}, ${milliseconds} ms`,
    software: false,
    placed: 0,
    disposed: 0,
    dispose() {
      backend.disposed++
    },
    async place(...parameters: Parameters<Backend['place']>) {
      if (error) throw error
      backend.placed++
      const placement = await host.place(...parameters)
      const train = placement.train.bind(placement)
      placement.train = (data, epochs: readonly EpochOrder[]) => {
        clock += milliseconds * epochs.length
        return train(data, epochs)
      }
      return placement
    },
  }
  return backend
}

describe("'auto'", () => {
  it('takes wasm where there is no hardware GPU, for networks that are not small', async () => {
    const { name, description } = await describePlaced('auto', large(), { threads: 2 })
    if (name === 'webgpu') return
    expect(name).toBe('wasm')
    expect(description).toMatch(
      /^WebAssembly .*SIMD, float32, 2 threads: (the only WebGPU adapter is software|no WebGPU)/,
    )
  })

  it('takes the fastest for a small network, and remembers it', async () => {
    const [first, second, third] = [slowBackend('a', 20), slowBackend('b', 0.5), slowBackend('c', 0.48)]
    const backend = new BackendWithFallback([first, second, third], { isMeasured: true, reason: 'of a reason' })
    const trainer = await Trainer.create(small(), { backend })
    expect(trainer.backend.name).toBe('b')
    expect(trainer.backend.description).toBe(
      `${second.description}: it was measured to be the fastest for this network`,
    )
    expect([first.placed, second.placed, third.placed]).toEqual([1, 2, 1])
    trainer.dispose()
    ;(await Trainer.create(small(), { backend })).dispose()
    expect([first.placed, second.placed, third.placed]).toEqual([1, 3, 1])
    // Others begin with the preferred one, and measure none.
    ;(await Trainer.create(large(), { backend })).dispose()
    expect([first.placed, second.placed, third.placed]).toEqual([2, 3, 1])
    expect(backend.description).toBe(`${first.description}: of a reason`)
    backend.dispose()
    expect([first.disposed, second.disposed, third.disposed]).toEqual([1, 1, 1])
  })

  it('prefers the first where the others are about as fast, and measures nothing where it is deterministic', async () => {
    const backends = [slowBackend('a', 5), slowBackend('b', 4.8)]
    const measured = new BackendWithFallback(backends, { isMeasured: true })
    ;(await Trainer.create(small(), { backend: measured })).dispose()
    expect(measured.name).toBe('a')
    const fast = slowBackend('c', 0.1)
    const pinned = new BackendWithFallback([slowBackend('d', 20), fast])
    ;(await Trainer.create(small(), { backend: pinned })).dispose()
    expect(pinned.name).toBe('d')
    expect(fast.placed).toBe(0)
  })

  it.each([small, large])('leaves out what is not available, with the reason', async (network) => {
    const missing = slowBackend('a', 1, new BackendUnavailableError('a is not there'))
    const backend = new BackendWithFallback([missing, slowBackend('b', 1)], { isMeasured: true })
    ;(await Trainer.create(network(), { backend })).dispose()
    expect(backend.name).toBe('b')
    expect(backend.description).toMatch(/^b, .*: a is not there$/)
  })

  it('throws the error of the last one', async () => {
    const failing = (name: string) => slowBackend(name, 1, new BackendUnavailableError(`${name} is not there`))
    const backend = new BackendWithFallback([failing('e'), failing('f')], { isMeasured: true })
    await expect(Trainer.create(small(), { backend })).rejects.toThrow('f is not there')
  })

  it('passes the number of threads on', async () => {
    await expect(chooseBackend('auto', { threads: 0 })).rejects.toThrow(
      'threads: expected a whole number from 1 to 256',
    )
  })
})

describe('the command line', () => {
  it('takes --backend wasm and --threads', async () => {
    const args = 'train --data circle --epochs 2 --seed 1 --layers -,100,100,- --backend wasm --threads 2 --json'
    const { code, out } = await runCommand(args.split(' '))
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      backend: { name: 'wasm', description: expect.stringMatching(/, 2 threads$/) },
    })
  })

  it.each([
    ['--threads 0', /--threads: expected a whole number from 1 to 256, got 0/],
    ['--threads 1000', /--threads: expected a whole number from 1 to 256, got 1000/],
    ['--threads 2 --backend cpu', /--threads: is for --backend wasm or auto, not for cpu/],
    ['--threads 2 --backend webgpu', /--threads: is for --backend wasm or auto, not for webgpu/],
  ])('refuses %s', async (args, message) => {
    const { code, error } = await runCommand(`train --data circle --epochs 1 ${args}`.split(' '))
    expect(code).toBe(2)
    expect(error).toMatch(message)
  })
})

it('its code is in separate files, which only the backend loads', async () => {
  const dist = fileURLToPath(new URL('../dist/', import.meta.url))
  const names = (await readdir(dist)).filter((name) => name.endsWith('.js'))
  const texts = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(dist + name, 'utf8')] as const)),
  )
  // Files that load with the library, without a call.
  const first = new Set(['index.js'])
  for (const name of first) for (const other of importsOf(texts.get(name)!).fixed) first.add(other.slice(2))
  const having = (mark: RegExp) => names.filter((name) => mark.test(texts.get(name)!))
  expect(having(/\bModuleWriter\b/)).toHaveLength(1)
  expect(having(/\bModuleWriter\b/).filter((name) => first.has(name))).toEqual([])
  expect(first).not.toContain('opening.js')
  expect([...first].filter((name) => importsOf(texts.get(name)!).lazy.includes('./opening.js'))).toHaveLength(1)
  expect(gzipSync(texts.get('opening.js')!).length).toBeLessThan(60_000)
})
