import {
  access,
  type Expression,
  type F64,
  type I32,
  instruction,
  loading,
  opcode,
  SIMD,
  type Statement,
  storing,
  type V128,
} from './expression.ts'

/** Instructions on vectors of 128 bits. */

const floatBytes = new DataView(new ArrayBuffer(8))

const pair = ['v128', 'v128'] as const
const both = (value: number) => instruction('v128', pair, SIMD + value)
const single = (value: number) => instruction('v128', ['v128'], SIMD + value)
const shift = (value: number) => instruction('v128', ['v128', 'i32'], SIMD + value)
/** Operations on two float64 at a time. */
const f64x2Lane = (vector: V128, index: number): F64 => ({
  type: 'f64',
  write(code) {
    vector.write(code)
    opcode(code, SIMD + 0x21)
    code.push(index)
  },
})

export const f64x2 = {
  lane: f64x2Lane,
  splat: instruction('v128', ['f64'], SIMD + 0x14),
  add: both(0xf0),
  mul: both(0xf2),
  /** The first two float32 of a vector as float64. */
  fromF32x4: single(0x5f),
  /** The first two unsigned 32-bit integers of a vector as float64. */
  fromU32x4: single(0xff),
}

const lane =
  <T extends 'f32' | 'i32'>(type: T, value: number) =>
  (vector: V128, index: number): Expression<T> => ({
    type,
    write(code) {
      vector.write(code)
      opcode(code, SIMD + value)
      code.push(index)
    },
  })

/** Operations on four float32 at a time. Comparisons give all ones in a lane where they hold. */
export const f32x4 = {
  splat: instruction('v128', ['f32'], SIMD + 0x13),
  lane: lane('f32', 0x1f),
  eq: both(0x41),
  ne: both(0x42),
  lt: both(0x43),
  gt: both(0x44),
  le: both(0x45),
  ge: both(0x46),
  nearest: single(0x6a),
  floor: single(0x68),
  abs: single(0xe0),
  neg: single(0xe1),
  sqrt: single(0xe3),
  add: both(0xe4),
  sub: both(0xe5),
  mul: both(0xe6),
  div: both(0xe7),
  min: both(0xe8),
  max: both(0xe9),
  /** b < a ? b : a, one instruction on most processors. */
  pmin: both(0xea),
  /** a < b ? b : a */
  pmax: both(0xeb),
  fromI32x4: single(0xfa),
  /** a · b + c, rounded once or twice. */
  relaxedMadd: instruction('v128', ['v128', 'v128', 'v128'], SIMD + 0x105),
  /** c − a · b, rounded once or twice. */
  relaxedNmadd: instruction('v128', ['v128', 'v128', 'v128'], SIMD + 0x106),
}

/** Operations on four 32-bit integers at a time. */
export const i32x4 = {
  splat: instruction('v128', ['i32'], SIMD + 0x11),
  lane: lane('i32', 0x1b),
  eq: both(0x37),
  geU: both(0x40),
  gtS: both(0x3b),
  shl: shift(0xab),
  shrS: shift(0xac),
  shrU: shift(0xad),
  add: both(0xae),
  sub: both(0xb1),
  mul: both(0xb5),
  truncF32x4: single(0xf8),
}

const laneLoading =
  (value: number, alignment: number) =>
  (address: I32, vector: V128, index: number, offset = 0): V128 => ({
    type: 'v128',
    write(code) {
      address.write(code)
      vector.write(code)
      access(code, SIMD + value, alignment, offset)
      code.push(index)
    },
  })

const laneStoring =
  (value: number, alignment: number) =>
  (address: I32, vector: V128, index: number, offset = 0): Statement =>
  (code) => {
    address.write(code)
    vector.write(code)
    access(code, SIMD + value, alignment, offset)
    code.push(index)
  }

/** Operations on 128 bits. Addresses need no alignment. */
export const v128 = {
  load: loading('v128', SIMD + 0x00),
  /** Four copies of a 32-bit value. */
  loadSplat: loading('v128', SIMD + 0x09),
  /** One 32-bit value, then zeros. */
  load32: loading('v128', SIMD + 0x5c),
  /** Two 32-bit values, then zeros. */
  load64: loading('v128', SIMD + 0x5d),
  load32Lane: laneLoading(0x56, 2),
  load64Lane: laneLoading(0x57, 2),
  store: storing('v128', SIMD + 0x0b),
  store32Lane: laneStoring(0x5a, 2),
  store64Lane: laneStoring(0x5b, 2),
  and: both(0x4e),
  /** a and not b */
  andNot: both(0x4f),
  or: both(0x50),
  xor: both(0x51),
  not: single(0x4d),
  /** Bits of the first where the mask has ones, of the second elsewhere. */
  select: instruction('v128', ['v128', 'v128', 'v128'], SIMD + 0x52),
  anyTrue: instruction('i32', ['v128'], SIMD + 0x53),
  /** The 32-bit lanes that are named, 0–3 of the first vector and 4–7 of the second. */
  shuffle: (a: V128, b: V128, lanes: readonly [number, number, number, number]): V128 => ({
    type: 'v128',
    write(code) {
      a.write(code)
      b.write(code)
      opcode(code, SIMD + 0x0d)
      for (const index of lanes) code.push(4 * index, 4 * index + 1, 4 * index + 2, 4 * index + 3)
    },
  }),
}

/** A vector of four float32 constants; one value stands for all four. */
export function floats(...values: readonly number[]): V128 {
  return {
    type: 'v128',
    write(code) {
      opcode(code, SIMD + 0x0c)
      for (let i = 0; i < 4; i++) {
        floatBytes.setFloat32(0, values[values.length === 1 ? 0 : i]!, true)
        for (let byte = 0; byte < 4; byte++) code.push(floatBytes.getUint8(byte))
      }
    },
  }
}

/** A vector of four 32-bit integer constants; one value stands for all four. */
export function ints(...values: readonly number[]): V128 {
  return {
    type: 'v128',
    write(code) {
      opcode(code, SIMD + 0x0c)
      for (let i = 0; i < 4; i++) {
        floatBytes.setInt32(0, values[values.length === 1 ? 0 : i]! | 0, true)
        for (let byte = 0; byte < 4; byte++) code.push(floatBytes.getUint8(byte))
      }
    },
  }
}
