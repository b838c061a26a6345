import { setFlagsFromString } from 'node:v8'
import { describe, it } from 'vitest'
import { type V128 } from '../src/backend/host/wasm/assembler/expression.ts'
import { int } from '../src/backend/host/wasm/assembler/scalars.ts'
import { f32x4, floats, v128 } from '../src/backend/host/wasm/assembler/vectors.ts'
import type { Body, Local } from '../src/backend/host/wasm/assembler/function.ts'
import { ModuleWriter } from '../src/backend/host/wasm/assembler/module.ts'
import { type Kit, makeKit } from '../src/backend/host/wasm/kit.ts'

/** An instance of a module that a test writes, with views of its memory. */
export function instantiate(write: (module: ModuleWriter) => void, pages = 1) {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 })
  const module = new ModuleWriter({ isShared: false })
  write(module)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { host: { memory } })
  const { buffer } = memory
  return {
    exports: instance.exports as Record<string, (...numbers: number[]) => number>,
    floats: new Float32Array(buffer),
    integers: new Int32Array(buffer),
    doubles: new Float64Array(buffer),
  }
}

/** Whether the engine has the instructions of relaxed SIMD. */
function hasRelaxed(): boolean {
  const module = new ModuleWriter({ isShared: false })
  module.procedure(undefined, [], (body) => body.drop(f32x4.relaxedMadd(floats(1), floats(2), floats(3))))
  return WebAssembly.validate(module.finish())
}

// Node 20 has relaxed SIMD, but only with this flag.
if (!hasRelaxed()) setFlagsFromString('--experimental-wasm-relaxed-simd')
const isRelaxedValid = hasRelaxed()

/** Runs tests once with separate products and sums and, where the engine has it, once with relaxed SIMD. */
export function describeKits(name: string, tests: (kit: Kit) => void): void {
  describe(`${name}, plain SIMD`, () => tests(makeKit(false)))
  const relaxed = `${name}, relaxed SIMD`
  if (isRelaxedValid) describe(relaxed, () => tests(makeKit(true)))
  else it.skip(`${relaxed}: this engine does not have it`)
}

/** A formula with one to three operands, which become vectors in locals. */
export type Formula = (body: Body, operands: readonly Local<'v128'>[]) => V128

/**
 * Compiles formulas as functions of whole arrays.
 * @returns for each name a function that gives the formula's values for arrays of one length
 */
export function compileFormulas<Name extends string>(
  formulas: Readonly<Record<Name, Formula>>,
): Record<Name, (...operands: readonly Float32Array[]) => Float32Array> {
  const most = 1 << 22
  const instance = instantiate((module) => {
    for (const name of Object.keys(formulas) as Name[]) {
      module.procedure(name, ['i32'], (body, [end]) => {
        const place = body.local('i32')
        body.for(place, int(0), end, 16, () => {
          const operands = [1, 2, 3].map((k) => body.keep(v128.load(place, 4 * most * k)))
          body.do(v128.store(place, formulas[name](body, operands)))
        })
      })
    }
  }, 1024)
  const run = (name: Name, operands: readonly Float32Array[]) => {
    const count = operands[0]!.length
    if (count > most) throw new Error(`${count} values, at most ${most}`)
    operands.forEach((values, k) => instance.floats.set(values, most * (k + 1)))
    instance.exports[name]!(4 * count)
    return instance.floats.slice(0, count)
  }
  return Object.fromEntries(
    (Object.keys(formulas) as Name[]).map((name) => [name, (...operands: Float32Array[]) => run(name, operands)]),
  ) as Record<Name, (...operands: readonly Float32Array[]) => Float32Array>
}

/** A unit in the last place of a float32 next to a number. */
const ulpAt = (value: number) => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(value)))) - 23)

/** The largest error in units in the last place, beyond `atol`, and where it is. NaN and infinities must be the same. */
export function largestError(at: Float32Array, got: Float32Array, exact: Float64Array, atol = 0) {
  let worst = { ulp: 0, x: NaN, got: NaN, want: NaN }
  exact.forEach((want, i) => {
    const value = got[i]!
    if (Object.is(value, Math.fround(want))) return
    const distance = Math.abs(value - want)
    const ulp = Number.isFinite(distance) ? Math.max(0, distance - atol) / ulpAt(want) : Infinity
    if (ulp > worst.ulp) worst = { ulp, x: at[i]!, got: value, want }
  })
  return worst
}

/** float32 numbers over all exponents and both signs, every `stride`-th bit pattern; NaN and infinities among them. */
export function sweep(stride = 19997): Float32Array {
  const bits = new Uint32Array(Math.ceil(2 ** 32 / stride))
  for (let i = 0; i < bits.length; i++) bits[i] = i * stride
  return new Float32Array(bits.buffer)
}

/** `count` equally spaced numbers. */
export const range = (low: number, high: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1))

/** Several arrays as one. */
export function joined(...parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Numbers at which formulas change: zeros, denormal numbers, limits of overflow and underflow, infinities, NaN. */
export const edges = new Float32Array(
  [0, 1e-45, 1e-40, 2 ** -126, 1e-30, 1, 87.3, 87.69, 88, 88.3, 88.4, 88.72, 88.73, 89, 103, 103.9, 104, 1e38, 3.4028235e38, Infinity, NaN] // prettier-ignore
    .flatMap((value) => [value, -value]),
)
