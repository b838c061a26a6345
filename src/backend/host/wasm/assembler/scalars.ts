import { type Expression, type I32, instruction, loading, signed, storing } from './expression.ts'

/** Instructions on single values: 32-bit integers, float32 and float64. */

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
