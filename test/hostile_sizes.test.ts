import { expect, it } from 'vitest'
import { crc32 } from '../src/formats/zip.ts'
import { decodeSweepCheckpoint, fromSafetensors, InputError, Network, parseIdx, parseNpy, parseNpz } from '../src/index.ts' // prettier-ignore

/** Files of about a hundred bytes that say that they hold 10¹² values are refused before memory is allocated for these. */

const npyOf = (shape: string) => {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117) + '\n'
  return new Uint8Array(Buffer.concat([Buffer.from('\x93NUMPY\x01\0v\0', 'latin1'), Buffer.from(text)]))
}

function idx(): Uint8Array {
  const bytes = Buffer.alloc(100)
  bytes.set([0, 0, 13, 2])
  bytes.writeUInt32BE(1_000_000, 4)
  bytes.writeUInt32BE(1_000_000, 8)
  return new Uint8Array(bytes)
}

function safetensors(): Uint8Array {
  const header = JSON.stringify({ w: { dtype: 'F32', shape: [1e6, 1e6], data_offsets: [0, 4e12] } })
  const bytes = Buffer.alloc(8 + header.length)
  bytes.writeBigUInt64LE(BigInt(header.length))
  bytes.write(header, 8)
  return new Uint8Array(bytes)
}

/** A zip64 archive with one deflated entry that says that it unpacks to 4 TB. */
function npz(): Uint8Array {
  const name = Buffer.from('x.npy')
  const packed = Buffer.from([3, 0])
  const local = Buffer.alloc(30)
  local.write('PK\x03\x04', 'latin1')
  local.writeUInt16LE(8, 8)
  local.writeUInt16LE(name.length, 26)
  const central = Buffer.alloc(46)
  central.write('PK\x01\x02', 'latin1')
  central.writeUInt16LE(8, 10)
  central.writeUInt32LE(crc32(new Uint8Array()), 16)
  central.writeUInt32LE(packed.length, 20)
  central.writeUInt32LE(0xffffffff, 24)
  central.writeUInt16LE(name.length, 28)
  central.writeUInt16LE(12, 30)
  const extra = Buffer.from([1, 0, 8, 0, 0, 0, 0, 0, 0, 4, 0, 0])
  const start = local.length + name.length + packed.length
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(start, 16)
  return new Uint8Array(Buffer.concat([local, name, packed, central, name, extra, end]))
}

function sweepState(): Uint8Array {
  const bytes = Buffer.alloc(96)
  bytes.write('mlpsweep')
  bytes.writeUInt32LE(0xfffffff0, 8)
  return new Uint8Array(bytes)
}

it.each<[string, () => unknown, RegExp]>([
  ['IDX', () => parseIdx(idx()), /^IDX file: cut short by 3999999999912 bytes/],
  ['NPY', () => parseNpy(npyOf('1000000, 1000000')), /^npy: cut short by 4000000000000 bytes/],
  ['NPY with a shape that overflows', () => parseNpy(npyOf('4294967296, 4294967296, 16')), /^npy: cut short by/],
  ['NPZ', () => parseNpz(npz()), /^npz: .*unpacks to 4398046511104 bytes/],
  ['safetensors', () => fromSafetensors(safetensors()), /ends at byte 4000000000000 of the data/],
  ['a model', () => Network.fromJSON({ format: 'webgpu-mlp', version: 1, sizes: [1e6, 1e6], activations: ['relu'], weights: ['AAAAAA=='], biases: ['AAAAAA=='] }) , /^weights\[0\]: expected 1000000 × 1000000/],
  ['the state of a sweep', () => decodeSweepCheckpoint(sweepState()), /damaged or cut short/],
])('%s', async (_, read, message) => {
  const before = process.memoryUsage()
  const error: unknown = await Promise.resolve()
    .then(read)
    .catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(InputError)
  expect((error as InputError).message).toMatch(message)
  const after = process.memoryUsage()
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1 << 22)
}) // prettier-ignore
