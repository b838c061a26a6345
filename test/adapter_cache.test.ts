import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AdapterRecord, namesDriver } from '../src/backend/webgpu/device/record.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { cacheFolder } from '../src/node/adapter-cache.ts'
import { withDevice } from './device.ts'

const root = mkdtempSync(join(tmpdir(), 'webgpu-mlp-cache-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folder: string
let count = 0
beforeEach(() => {
  folder = join(root, `${count++}`)
  vi.stubEnv('WEBGPU_MLP_CACHE', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
})

const file = () => join(folder, 'adapters.json')
const tiling = { rowTiles: 2, columnTiles: 1, width: 8, slices: 1 }

/** Lets a record that changed be written. */
const written = () => new Promise((resolve) => setTimeout(resolve, 5))

/** Keeps a tile for the device's adapter, as another process would. */
async function keepOne(gpu: GPUDevice): Promise<void> {
  const record = await AdapterRecord.open(gpu)
  record.choices.tilings.set('forward 1 2 3', tiling)
  await written()
}

/** The tiles that another process finds. */
const foundBy = async (gpu: GPUDevice) => (await AdapterRecord.open(gpu)).choices.tilings

/** Changes what is in the file. */
function edit(change: (entry: Record<string, unknown>) => void): void {
  const { format, entries } = JSON.parse(readFileSync(file(), 'utf8')) as {
    format: number
    entries: Record<string, Record<string, unknown>>
  }
  for (const entry of Object.values(entries)) change(entry)
  writeFileSync(file(), JSON.stringify({ format, entries }))
}

describe('what is known about an adapter', () => {
  withDevice('is found again by the next process', async ({ gpu }) => {
    expect((await foundBy(gpu)).size).toBe(0)
    const record = await AdapterRecord.open(gpu)
    record.choices.tilings.set('forward 1 2 3', tiling)
    record.choices.fasterPlans.set('2-3 10', 'layered')
    record.choices.durations.set('compiling', 100)
    record.tests.set('case', '')
    await written()
    const again = await AdapterRecord.open(gpu)
    expect([...again.choices.tilings]).toEqual([['forward 1 2 3', tiling]])
    expect([...again.choices.fasterPlans]).toEqual([['2-3 10', 'layered']])
    expect([...again.tests]).toEqual([['case', '']])
    expect([...again.choices.durations]).toEqual([['compiling', 100]])
    const profile = AdapterProfile.of(gpu)
    profile.remember(again.choices)
    expect(profile.tilings.get('forward 1 2 3')).toEqual(tiling)
    // Only the file itself: no temporary file is left.
    expect(readdirSync(folder)).toEqual(['adapters.json'])
  })

  withDevice('of two processes is kept, whichever writes last', async ({ gpu }) => {
    const [one, other] = [await AdapterRecord.open(gpu), await AdapterRecord.open(gpu)]
    one.tests.set('one', '')
    await written()
    other.tests.set('other', 'wrong')
    await written()
    const found = await AdapterRecord.open(gpu)
    expect(Object.fromEntries(found.tests)).toEqual({ one: '', other: 'wrong' })
  })

  withDevice('is not written again if nothing changed', async ({ gpu }) => {
    await keepOne(gpu)
    rmSync(file())
    const record = await AdapterRecord.open(gpu)
    record.choices.tilings.set('forward 1 2 3', tiling)
    await written()
    expect(existsSync(file())).toBe(true)
    rmSync(file())
    record.choices.tilings.set('forward 1 2 3', { ...tiling })
    await written()
    expect(existsSync(file())).toBe(false)
  })

  withDevice('is not shared between devices of different features or limits', async ({ gpu }) => {
    await keepOne(gpu)
    const like = (changes: object) => {
      const { adapterInfo, features, limits } = gpu
      return { adapterInfo, features, limits, ...changes } as unknown as GPUDevice
    }
    expect((await foundBy(like({}))).size).toBe(1)
    expect((await foundBy(like({ features: new Set() }))).size).toBe(0)
    expect((await foundBy(like({ limits: { maxBufferSize: 1 } }))).size).toBe(0)
    expect((await foundBy(like({ adapterInfo: { vendor: 'x', description: 'driver 5.0.1' } }))).size).toBe(0)
  })

  withDevice('is kept for a week where the driver is not named, and longer where it is', async ({ gpu }) => {
    const { features, limits } = gpu
    const adapterInfo = { vendor: 'x', architecture: 'y', device: '', description: '' }
    const unnamed = { adapterInfo, features, limits } as unknown as GPUDevice
    expect(namesDriver(gpu.adapterInfo)).toBe(true)
    for (const [device, named] of [
      [gpu, true],
      [unnamed, false],
    ] as const) {
      await keepOne(device)
      const day = 24 * 3600 * 1000
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * day })
      expect((await foundBy(device)).size).toBe(1)
      // Adding to a record does not prolong it.
      vi.setSystemTime(Date.now())
      ;(await AdapterRecord.open(device)).tests.set('more', '')
      await written()
      vi.setSystemTime(Date.now() + 2 * day)
      expect((await foundBy(device)).size).toBe(named ? 1 : 0)
      vi.useRealTimers()
    }
  })
})

describe('the file', () => {
  const damages: [string, () => void][] = [
    ['empty', () => writeFileSync(file(), '')],
    ['cut short', () => writeFileSync(file(), readFileSync(file(), 'utf8').slice(0, 40))],
    ['not JSON', () => writeFileSync(file(), 'nonsense')],
    ['JSON of another kind', () => writeFileSync(file(), 'null')],
    [
      'of another format',
      () => writeFileSync(file(), readFileSync(file(), 'utf8').replace('"format":1', '"format":2')),
    ],
    ['with entries that are no object', () => writeFileSync(file(), '{"format":1,"entries":3}')],
    ['with an entry that is no object', () => edit((entry) => { for (const key in entry) entry[key] = 7 })], // prettier-ignore
  ]
  for (const [name, damage] of damages) {
    withDevice(`that is ${name} is ignored, and written again`, async ({ gpu }) => {
      await keepOne(gpu)
      damage()
      expect((await foundBy(gpu)).size).toBe(0)
      await keepOne(gpu)
      expect((await foundBy(gpu)).size).toBe(1)
    })
  }

  const bad: unknown[] = [
    { ...tiling, rowTiles: 5 },
    { ...tiling, rowTiles: 0 },
    { ...tiling, columnTiles: 1.5 },
    { ...tiling, width: 6 },
    { ...tiling, width: 1e9 },
    { ...tiling, slices: 2 },
    { ...tiling, other: 1 },
    { rowTiles: 1 },
    'wide',
    null,
  ]
  withDevice('gives only valid tiles, plans and durations', async ({ gpu }) => {
    await keepOne(gpu)
    edit((entry) => {
      entry.tilings = { ...Object.fromEntries(bad.map((value, i) => [`bad ${i}`, value])), good: tiling }
      entry.fasterPlans = { bad: 'fast', good: 'resident' }
      entry.durations = { bad: -1, worse: 'long', good: 3 }
      entry.tests = { bad: 1, good: '' }
    })
    const { choices, tests } = await AdapterRecord.open(gpu)
    const { tilings, fasterPlans, durations } = choices
    for (const map of [tilings, fasterPlans, durations, tests]) expect([...map.keys()]).toEqual(['good'])
  })

  withDevice('may be in a folder that cannot be written: nothing is kept, and nothing fails', async ({ gpu }) => {
    writeFileSync(folder, 'a file in the place of the folder')
    await keepOne(gpu)
    expect((await foundBy(gpu)).size).toBe(0)
    rmSync(folder)
    mkdirSync(file(), { recursive: true })
    await keepOne(gpu)
    expect((await foundBy(gpu)).size).toBe(0)
    expect(readdirSync(folder)).toEqual(['adapters.json'])
    rmSync(folder, { recursive: true })
    mkdirSync(folder)
    chmodSync(folder, 0o500)
    await keepOne(gpu)
    expect((await foundBy(gpu)).size).toBe(process.getuid?.() === 0 ? 1 : 0)
    chmodSync(folder, 0o700)
  })

  withDevice('is not written if the cache is off', async ({ gpu }) => {
    vi.stubEnv('WEBGPU_MLP_CACHE', 'off')
    await keepOne(gpu)
    expect((await foundBy(gpu)).size).toBe(0)
  })

  withDevice('has a limited number of entries', async () => {
    for (let i = 0; i < 20; i++) {
      await keepOne({ adapterInfo: { description: `driver 1.${i}` }, features: [], limits: {} } as never)
    }
    const { entries } = JSON.parse(readFileSync(file(), 'utf8')) as { entries: Record<string, { adapter: string }> }
    expect(Object.values(entries).map(({ adapter }) => adapter)).toEqual(
      Array.from({ length: 16 }, (_, i) => `driver 1.${i + 4}`),
    )
  })

  it('is in the folder for caches of each platform', () => {
    const home = { XDG_CACHE_HOME: '/x' }
    expect(cacheFolder(home, 'linux')).toBe(join('/x', 'webgpu-mlp'))
    expect(cacheFolder({}, 'linux')).toMatch(/\.cache.webgpu-mlp$/)
    expect(cacheFolder(home, 'darwin')).toMatch(/Library.Caches.webgpu-mlp$/)
    expect(cacheFolder({ LOCALAPPDATA: 'C:' }, 'win32')).toBe(join('C:', 'webgpu-mlp', 'Cache'))
    expect(cacheFolder({}, 'win32')).toBeUndefined()
    expect(cacheFolder({ WEBGPU_MLP_CACHE: '/y', ...home }, 'linux')).toBe('/y')
    expect(cacheFolder({ WEBGPU_MLP_CACHE: 'off', ...home }, 'linux')).toBeUndefined()
  })
})
