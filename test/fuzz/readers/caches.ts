import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AdapterRecord } from '../../../src/backend/webgpu/device/record.ts'
import { readEntry, writeEntry } from '../../../src/node/adapter-cache.ts'
import { json, text, toText } from '../mutate.ts'
import { type Reader, reader } from './reader.ts'

const key = '0123456789abcdef'
const entry = {
  adapter: 'SwiftShader',
  began: 1_700_000_000_000,
  tests: { 'forward 3': '', 'update sgd': 'a value is wrong' },
  tilings: { 'forward 8 × 8': { rowTiles: 2, columnTiles: 1, width: 8, slices: 1 }, b: { rowTiles: 1, columnTiles: 1, width: 4, slices: 4, block: true } }, // prettier-ignore
  fasterPlans: { '2-3-2': 'resident' },
  durations: { compile: 12.5 },
}
const file = { format: 1, entries: { [key]: entry, other: { faster: { '2-3-2': 'cpu' } } } }
const adapterInfo = { vendor: 'v', architecture: 'a', device: 'd', description: 'driver 1.2.3' }
const gpu = { adapterInfo, features: new Set<string>(), limits: {} } as unknown as GPUDevice

/** What earlier runs kept about the machine: it is used where it is valid, and replaced where it is not. @param folder of it */
export function cacheReaders(folder: string): Reader<unknown>[] {
  const cache = join(folder, 'cache')
  mkdirSync(cache, { recursive: true })
  const read = async (content: string) => {
    writeFileSync(join(cache, 'adapters.json'), content)
    const { WEBGPU_MLP_CACHE: before } = process.env
    process.env.WEBGPU_MLP_CACHE = cache
    try {
      const { maps } = await AdapterRecord.open(gpu, key)
      for (const [name, map] of Object.entries(maps)) {
        for (const value of map.values()) JSON.stringify([name, value])
      }
      await writeEntry('another', { began: 1 })
      await readEntry('another')
    } finally {
      process.env.WEBGPU_MLP_CACHE = before
    }
  }
  const files = ['src/node/adapter-cache', 'src/backend/webgpu/device/record', 'src/backend/webgpu/device/choices']
  return [
    reader('cache of adapters', json([file]), files, (value) => read(toText(value))),
    reader('cache file of adapters', text([JSON.stringify(file)]), files, read),
  ]
}
