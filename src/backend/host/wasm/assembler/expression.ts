/**
 * Expressions of WebAssembly, as values of TypeScript: an expression knows its type and writes the instructions that leave
 * its value on the stack. Shared values belong in locals (function.ts), because an expression that is used twice is
 * computed twice.
 */

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128'

/** Instructions in binary form. */
export type Code = number[]

/** A value of a type; `write` appends the instructions that compute it. */
export interface Expression<T extends ValueType = ValueType> {
  readonly type: T
  write(code: Code): void
}

export type I32 = Expression<'i32'>
export type F32 = Expression<'f32'>
export type F64 = Expression<'f64'>
/** 128 bits: four values of float32 or 32-bit integers. */
export type V128 = Expression<'v128'>

/** A number in LEB128, unsigned. */
export function unsigned(code: Code, value: number): void {
  let rest = value
  while (rest >= 128) {
    code.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  code.push(rest)
}

/** A 32-bit number in LEB128, signed. */
function signed(code: Code, value: number): void {
  let rest = value | 0
  while (rest < -64 || rest > 63) {
    code.push((rest & 127) | 128)
    rest >>= 7
  }
  code.push(rest & 127)
}

/** An opcode above 255 has the prefix of SIMD instructions. */
const SIMD = 0x100
const opcode = (code: Code, value: number) => {
  if (value < SIMD) code.push(value)
  else {
    code.push(0xfd)
    unsigned(code, value - SIMD)
  }
}

type Types = readonly ValueType[]
type Operands<A extends Types> = { readonly [K in keyof A]: Expression<A[K]> }

/** An instruction whose operands are all on the stack. */
const instruction =
  <T extends ValueType, const A extends Types>(type: T, _operands: A, value: number) =>
  (...given: Operands<A>): Expression<T> => ({
    type,
    write(code) {
      for (const operand of given) operand.write(code)
      opcode(code, value)
    },
  })

/** The operand of an access to memory: log2 of the alignment that is assumed, and the offset. */
const access = (code: Code, value: number, alignment: number, offset: number) => {
  opcode(code, value)
  unsigned(code, alignment)
  unsigned(code, offset)
}

const loading =
  <T extends ValueType>(type: T, value: number, alignment = 2) =>
  (address: I32, offset = 0): Expression<T> => ({
    type,
    write(code) {
      address.write(code)
      access(code, value, alignment, offset)
    },
  })

/** An instruction that leaves nothing on the stack. */
export type Statement = (code: Code) => void

const storing =
  <T extends ValueType>(type: T, value: number, alignment = 2) =>
  (address: I32, stored: Expression<T>, offset = 0): Statement =>
  (code) => {
    address.write(code)
    stored.write(code)
    access(code, value, alignment, offset)
  }

const floatBytes = new DataView(new ArrayBuffer(8))

/** The bytes of a constant of type f32 or f64. */
function floatConstant<T extends 'f32' | 'f64'>(type: T, value: number): Expression<T> {
  return {
    type,
    write(code) {
      const bytes = type === 'f32' ? 4 : 8
      if (type === 'f32') floatBytes.setFloat32(0, value, true)
      else floatBytes.setFloat64(0, value, true)
      code.push(type === 'f32' ? 0x43 : 0x44)
      for (let i = 0; i < bytes; i++) code.push(floatBytes.getUint8(i))
    },
  }
}

const two = ['i32', 'i32'] as const
const integers = (value: number) => instruction('i32', two, value)

/** A constant of type i32. */
export const int = (value: number): I32 => ({
  type: 'i32',
  write(code) {
    code.push(0x41)
    signed(code, value)
  },
})

export const i32 = {
  add: integers(0x6a),
  sub: integers(0x6b),
  mul: integers(0x6c),
  remU: integers(0x70),
  divU: integers(0x6e),
  and: integers(0x71),
  or: integers(0x72),
  xor: integers(0x73),
  shl: integers(0x74),
  shrS: integers(0x75),
  shrU: integers(0x76),
  eq: integers(0x46),
  ne: integers(0x47),
  ltS: integers(0x48),
  ltU: integers(0x49),
  gtS: integers(0x4a),
  gtU: integers(0x4b),
  leS: integers(0x4c),
  geS: integers(0x4e),
  geU: integers(0x4f),
  eqz: instruction('i32', ['i32'], 0x45),
  load: loading('i32', 0x28),
  store: storing('i32', 0x36),
  /** The first value where the third is not 0, else the second. */
  select: instruction('i32', ['i32', 'i32', 'i32'], 0x1b),
}

const f32s = (value: number) => instruction('f32', ['f32', 'f32'], value)
export const f32 = {
  constant: (value: number) => floatConstant('f32', value),
  add: f32s(0x92),
  sub: f32s(0x93),
  mul: f32s(0x94),
  div: f32s(0x95),
  min: f32s(0x96),
  max: f32s(0x97),
  sqrt: instruction('f32', ['f32'], 0x91),
  gt: instruction('i32', ['f32', 'f32'], 0x5e),
  lt: instruction('i32', ['f32', 'f32'], 0x5d),
  load: loading('f32', 0x2a),
  store: storing('f32', 0x38),
  fromF64: instruction('f32', ['f64'], 0xb6),
  fromI32: instruction('f32', ['i32'], 0xb2),
}

const f64s = (value: number) => instruction('f64', ['f64', 'f64'], value)
export const f64 = {
  constant: (value: number) => floatConstant('f64', value),
  add: f64s(0xa0),
  sub: f64s(0xa1),
  mul: f64s(0xa2),
  div: f64s(0xa3),
  sqrt: instruction('f64', ['f64'], 0x9f),
  lt: instruction('i32', ['f64', 'f64'], 0x63),
  load: loading('f64', 0x2b, 3),
  store: storing('f64', 0x39, 3),
  fromF32: instruction('f64', ['f32'], 0xbb),
  fromI32: instruction('f64', ['i32'], 0xb7),
}

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
  add: both(0xf0),
  mul: both(0xf2),
  /** The first two float32 of a vector as float64. */
  fromF32x4: single(0x5f),
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

/** Copies `bytes` bytes in memory. */
export const copyMemory =
  (to: I32, from: I32, bytes: I32): Statement =>
  (code) => {
    to.write(code)
    from.write(code)
    bytes.write(code)
    code.push(0xfc, 0x0a, 0, 0)
  }

const atomicAccess = (code: Code, value: number, offset: number) => {
  code.push(0xfe, value, 2)
  unsigned(code, offset)
}

/** Atomic accesses to 32-bit integers in shared memory; addresses are multiples of 4. */
export const atomic = {
  load: (address: I32, offset = 0): I32 => ({
    type: 'i32',
    write(code) {
      address.write(code)
      atomicAccess(code, 0x10, offset)
    },
  }),
  store:
    (address: I32, value: I32, offset = 0): Statement =>
    (code) => {
      address.write(code)
      value.write(code)
      atomicAccess(code, 0x17, offset)
    },
  /**
   * Sleeps while the value at an address is `expected`, until it is notified or the time is over. Not allowed on a page's
   * main thread.
   */
  wait: (address: I32, expected: I32, nanoseconds: number): I32 => ({
    type: 'i32',
    write(code) {
      address.write(code)
      expected.write(code)
      code.push(0x42)
      signed(code, nanoseconds)
      atomicAccess(code, 0x01, 0)
    },
  }),
  /** Wakes all threads that wait at an address; gives their number. */
  notify: (address: I32): I32 => ({
    type: 'i32',
    write(code) {
      address.write(code)
      int(-1).write(code)
      atomicAccess(code, 0x00, 0)
    },
  }),
  /** Adds, and gives the value before. */
  add: (address: I32, value: I32, offset = 0): I32 => ({
    type: 'i32',
    write(code) {
      address.write(code)
      value.write(code)
      atomicAccess(code, 0x1e, offset)
    },
  }),
}
