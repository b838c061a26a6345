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
export function signed(code: Code, value: number): void {
  let rest = value | 0
  while (rest < -64 || rest > 63) {
    code.push((rest & 127) | 128)
    rest >>= 7
  }
  code.push(rest & 127)
}

/** An opcode above 255 has the prefix of SIMD instructions. */
export const SIMD = 0x100
export const opcode = (code: Code, value: number) => {
  if (value < SIMD) code.push(value)
  else {
    code.push(0xfd)
    unsigned(code, value - SIMD)
  }
}

type Types = readonly ValueType[]
type Operands<A extends Types> = { readonly [K in keyof A]: Expression<A[K]> }

/** An instruction whose operands are all on the stack. */
export const instruction =
  <T extends ValueType, const A extends Types>(type: T, _operands: A, value: number) =>
  (...given: Operands<A>): Expression<T> => ({
    type,
    write(code) {
      for (const operand of given) operand.write(code)
      opcode(code, value)
    },
  })

/** The operand of an access to memory: log2 of the alignment that is assumed, and the offset. */
export const access = (code: Code, value: number, alignment: number, offset: number) => {
  opcode(code, value)
  unsigned(code, alignment)
  unsigned(code, offset)
}

export const loading =
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

export const storing =
  <T extends ValueType>(type: T, value: number, alignment = 2) =>
  (address: I32, stored: Expression<T>, offset = 0): Statement =>
  (code) => {
    address.write(code)
    stored.write(code)
    access(code, value, alignment, offset)
  }
