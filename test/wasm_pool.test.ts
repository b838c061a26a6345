import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { int } from '../src/backend/host/wasm/assembler/scalars.ts'
import { ModuleWriter } from '../src/backend/host/wasm/assembler/module.ts'
import { findFeatures } from '../src/backend/host/wasm/features.ts'
import { openPool, type Pool } from '../src/backend/host/wasm/pool.ts'
import { BackendUnavailableError } from '../src/index.ts'
import { bundleProgram } from './wasm/bundle.ts'
import { Exchange, expectedSums } from './wasm/exchange.ts'

const pools: Pool[] = []
async function open(...parameters: Parameters<typeof openPool>): Promise<Pool> {
  const pool = await openPool(...parameters)
  pools.push(pool)
  return pool
}
afterEach(() => {
  for (const pool of pools.splice(0)) pool.dispose()
  vi.restoreAllMocks()
})

/** Replaces the class Worker of Node's worker threads. */
function replaceWorker(make: (OwnWorker: typeof Worker) => unknown): void {
  const original = process.getBuiltinModule.bind(process)
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) => {
    const module = original(name) as Record<string, unknown>
    return name === 'worker_threads' ? { ...module, Worker: make(module.Worker as typeof Worker) } : module
  })
}

describe('the pool of threads', () => {
  it.each([1, 2, 3])('runs modules in %d threads at the same time', async (threads) => {
    const pool = await open(threads)
    expect(pool.threads).toBe(threads)
    expect(pool.reason).toBeUndefined()
    const first = await Exchange.attach(pool)
    first.run(20)
    expect(first.sums).toEqual(expectedSums(threads, 20))
    const [second, third] = await Promise.all([Exchange.attach(pool), Exchange.attach(pool)])
    expect(new Set([first.id, second.id, third.id]).size).toBe(3)
    for (let i = 0; i < 5; i++) for (const exchange of [third, first, second]) exchange.run()
    expect(first.sums).toEqual(expectedSums(threads, 25))
    expect(second.sums).toEqual(expectedSums(threads, 5))
    expect(third.sums).toEqual(expectedSums(threads, 5))
    pool.detach(first.id)
    second.run(5)
    expect(second.sums).toEqual(expectedSums(threads, 10))
  })

  it('runs thousands of times', async () => {
    const exchange = await Exchange.attach(await open(2))
    exchange.run(3000)
    expect(exchange.sums).toEqual(expectedSums(2, 3000))
  })

  it('runs while another module is attached, and after threads have fallen asleep', async () => {
    const pool = await open(3)
    const first = await Exchange.attach(pool)
    const attaching = Exchange.attach(pool)
    first.run(3)
    pool.detach(99)
    first.run(2)
    const second = await attaching
    await new Promise((resolve) => setTimeout(resolve, 50))
    second.run()
    first.run()
    expect(first.sums).toEqual(expectedSums(3, 6))
    expect(second.sums).toEqual(expectedSums(3, 1))
  })

  it('two pools run side by side', async () => {
    const exchanges = await Promise.all([2, 3].map(async (threads) => Exchange.attach(await open(threads))))
    for (let i = 0; i < 5; i++) for (const exchange of exchanges) exchange.run()
    expect(exchanges.map(({ sums }) => sums)).toEqual([expectedSums(2, 5), expectedSums(3, 5)])
  })
})

describe('failures', () => {
  it('reports a thread that fails, in that run and in all later ones', async () => {
    const pool = await open(3)
    const exchange = await Exchange.attach(pool)
    exchange.run()
    exchange.failIn(2)
    expect(() => exchange.run()).toThrow(BackendUnavailableError)
    expect(() => exchange.run()).toThrow(/thread 2 failed: RuntimeError: .*unreachable.*create a new trainer/)
    await expect(Exchange.attach(pool)).rejects.toThrow('thread 2 failed')
  })

  it('passes an error of the calling thread on, although the other threads wait for it', async () => {
    const exchange = await Exchange.attach(await open(2))
    exchange.failIn(0)
    expect(() => exchange.run()).toThrow(WebAssembly.RuntimeError)
    expect(() => exchange.run()).toThrow('the calling thread failed')
  })

  it('does not wait for ever for a thread that does not finish', async () => {
    const writer = new ModuleWriter({ isShared: true })
    writer.procedure('work', ['i32'], (body) => {
      body.repeat(
        () => undefined,
        () => int(1),
      )
    })
    const pool = await open(2, { start: 10_000, lag: 200 })
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })
    const id = await pool.attach(new WebAssembly.Module(writer.finish()), memory)
    const run = () => pool.run(id, () => undefined)
    expect(run).toThrow('a thread did not finish within 0.2 s')
    expect(run).toThrow('a thread did not finish within 0.2 s')
  })

  it('notices that a thread has ended', async () => {
    const workers: Worker[] = []
    replaceWorker(
      (Own) =>
        class extends Own {
          constructor(...parameters: ConstructorParameters<typeof Worker>) {
            super(...parameters)
            workers.push(this)
          }
        },
    )
    const pool = await open(3)
    const exchange = await Exchange.attach(pool)
    exchange.run()
    expect(workers).toHaveLength(2)
    await workers[1]!.terminate()
    expect(() => exchange.run()).toThrow(/thread 2 is gone: it ended with code 1; create a new trainer/)
    // An ended thread answers no message.
    await expect(Exchange.attach(pool)).rejects.toThrow('thread 2 is gone')
  })

  it('refuses a module that does not fit, and stays usable', async () => {
    const pool = await open(2)
    const notShared = new WebAssembly.Module(new ModuleWriter({ isShared: false }).finish())
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })
    await expect(pool.attach(notShared, memory)).rejects.toThrow(/a thread refused the module: LinkError/)
    const exchange = await Exchange.attach(pool)
    exchange.run()
    expect(exchange.sums).toEqual(expectedSums(2, 1))
  })

  it('works with fewer threads where they cannot be started, and says why', async () => {
    let started = 0
    replaceWorker(
      (Own) =>
        class extends Own {
          constructor(...parameters: ConstructorParameters<typeof Worker>) {
            if (++started > 1) throw new Error('no more threads')
            super(...parameters)
          }
        },
    )
    vi.stubGlobal('Worker', undefined)
    const pool = await open(4)
    vi.unstubAllGlobals()
    expect(pool.threads).toBe(2)
    expect(pool.reason).toBe('a thread could not be started: no more threads')
    const exchange = await Exchange.attach(pool)
    exchange.run(3)
    expect(exchange.sums).toEqual(expectedSums(2, 3))
  })

  it('refuses everything after dispose', async () => {
    const pool = await open(2)
    const exchange = await Exchange.attach(pool)
    const attaching = Exchange.attach(pool)
    pool.dispose()
    await expect(attaching).rejects.toThrow('its threads were ended by dispose()')
    expect(() => exchange.run()).toThrow('its threads were ended by dispose()')
    pool.detach(exchange.id)
    pool.dispose()
  })
})

it('this engine has SIMD and shared memory', () => {
  expect(findFeatures()).toMatchObject({ obstacle: undefined, hasSimd: true, sharingObstacle: undefined })
})

describe('processes', () => {
  let program: Awaited<ReturnType<typeof bundleProgram>>
  beforeAll(async () => {
    program = await bundleProgram()
  })
  afterAll(() => program.remove())

  const run = async (name: string, text: string) => {
    const file = join(program.folder, name)
    writeFileSync(file, `import { openPool, Exchange } from './program.js'\n${text}`)
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 30_000 })
    return stdout.trim()
  }

  it.each(['', 'pool.dispose()'])('end without process.exit, %j at their end', async (end) => {
    const text = `
const pool = await openPool(3)
const exchange = await Exchange.attach(pool)
exchange.run(3)
console.log(JSON.stringify(exchange.sums))
${end}`
    expect(JSON.parse(await run('ends.mjs', text))).toEqual(expectedSums(3, 3))
  })

  it('end after an error that nobody catches', async () => {
    const text = `
const exchange = await Exchange.attach(await openPool(2))
exchange.failIn(1)
exchange.run()`
    await expect(run('fails.mjs', text)).rejects.toThrow('thread 1 failed')
  })

  it('stay alive until threads have started and modules are attached', async () => {
    const text = `
void openPool(2).then(Exchange.attach).then((exchange) => (exchange.run(), console.log(exchange.sums.length)))`
    expect(await run('waits.mjs', text)).toBe('2')
  })
})
