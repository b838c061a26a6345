import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Body, parameterLocals } from '../src/backend/host/wasm/assembler/function.ts'
import { activationFormulas } from '../src/backend/host/wasm/formulas/activations.ts'
import { exp, expOfNegative, log, logOnePlus } from '../src/backend/host/wasm/formulas/exponential.ts'
import { lossFormulas } from '../src/backend/host/wasm/formulas/losses.ts'
import { type Kit, makeKit } from '../src/backend/host/wasm/kit.ts'
import { type LossName, lossNames, losses } from '../src/loss/loss.ts'
import { activations, type ElementwiseName } from '../src/model/activation.ts'
import { hiddenNames } from './backends.ts'
import { expectClose } from './close.ts'
import { isExhaustive } from './covering.ts'
import { compileFormulas, describeKits, edges, type Formula, joined, largestError, range, sweep } from './wasm.ts'

const SMALLEST_NORMAL = 2 ** -126

/** All exponents of both signs, densely where the functions bend and where they become constant, and the edges. */
const places = joined(
  sweep(isExhaustive ? 19997 : 199999),
  range(-20, 20, isExhaustive ? 100001 : 8001),
  range(-120, 120, isExhaustive ? 40001 : 4001),
  edges,
)

interface Case {
  readonly formula: (kit: Kit) => Formula
  readonly exact: (x: number) => number
  /** Where the function is defined; everywhere where it is left out. */
  readonly domain?: (x: number) => boolean
  /** The largest error in units in the last place, and what is allowed in addition. */
  readonly ulp: number
  readonly atol?: number
}

const powers: Record<string, Case> = {
  exp: {
    formula:
      (kit) =>
      (body, [x]) =>
        exp(kit, body, x!),
    exact: Math.exp,
    ulp: 1.2,
  },
  expOfNegative: {
    formula:
      (kit) =>
      (body, [x]) =>
        expOfNegative(kit, body, x!),
    exact: Math.exp,
    domain: (x) => !(x > 0),
    ulp: 2.3,
    atol: SMALLEST_NORMAL,
  },
  log: {
    formula:
      (kit) =>
      (body, [x]) =>
        log(kit, body, x!),
    exact: Math.log,
    ulp: 1,
  },
  logOnePlus: {
    formula:
      (kit) =>
      (body, [x]) =>
        logOnePlus(kit, body, x!),
    exact: Math.log1p,
    domain: (x) => x >= 0 && x <= 1,
    ulp: 1.3,
  },
}

/** The largest errors of the values in ulp. Below the smallest normal number tails are 0, which some multiply by z. */
const valueErrors: Record<ElementwiseName, number> = {
  linear: 0,
  sigmoid: 2.4,
  tanh: 4,
  relu: 0,
  leakyRelu: 1,
  elu: 3,
  gelu: 6.5,
  silu: 3,
  softplus: 3,
  mish: 6,
}

/** The absolute error of tails that are 0 where the exact value is about 88 · 2⁻¹²⁶. */
const TAIL = 89 * SMALLEST_NORMAL

/** Derivatives have the bounds of test/activations.test.ts for WebGPU, but a smaller relative one. */
const NEAR = 2 ** -21
const SLOPE = 2 ** -20

const valueCases = Object.fromEntries(
  hiddenNames.map((name): [string, Case] => [
    name,
    {
      formula:
        (kit) =>
        (body, [z]) =>
          activationFormulas[name].value(kit, body, z!),
      exact: activations[name].value,
      ulp: valueErrors[name],
      atol: ['silu', 'mish', 'gelu'].includes(name) ? TAIL : SMALLEST_NORMAL,
    },
  ]),
)

const reference = new Map<string, { at: Float32Array; want: Float64Array }>()

/** The values in float64, which are the same for each kit. */
function referenceOf(name: string, exact: (x: number) => number, domain: (x: number) => boolean = () => true) {
  const known = reference.get(name)
  if (known) return known
  const at = places.filter(domain)
  const made = { at, want: Float64Array.from(at, exact) }
  reference.set(name, made)
  return made
}

describeKits('values over all exponents', (kit) => {
  const cases = { ...powers, ...valueCases }
  const compiled = compileFormulas(
    Object.fromEntries(Object.entries(cases).map(([name, { formula }]) => [name, formula(kit)])),
  )
  it.each(Object.keys(cases))('%s', (name) => {
    const one = cases[name]!
    const { at, want } = referenceOf(name, one.exact, one.domain)
    const worst = largestError(at, compiled[name]!(at), want, one.atol)
    expect(worst.ulp, `at ${worst.x}: got ${worst.got}, want ${worst.want}`).toBeLessThanOrEqual(one.ulp)
  })

  it('sigmoid and tanh stay within their limits', () => {
    const at = joined(places, range(7, 10, 20001), range(-10, -7, 20001), range(14, 19, 20001))
    const sigmoids = compiled.sigmoid!(at)
    const tangents = compiled.tanh!(at)
    expect(at.filter((_, i) => sigmoids[i]! < 0 || sigmoids[i]! > 1 || Math.abs(tangents[i]!) > 1)).toHaveLength(0)
  })

  it('exp of denormal results is rounded to the nearest', () => {
    const at = range(-104.5, -86, 20001)
    const got = compiled.exp!(at)
    const want = Float64Array.from(at, Math.exp)
    expectClose(got, want, { name: 'exp', atol: 0.51 * 2 ** -149, rtol: 2 ** -23 })
  })
})

/** Exact values at 100 points, most of them extreme; written by test/activations/values.py. */
type Exact = Record<ElementwiseName, { values: number[]; slopes: number[] }> & { places: number[] }
const exact = JSON.parse(readFileSync(new URL('./activations/values.json', import.meta.url), 'utf8')) as Exact

/** The names of activations whose derivative is computed from a, which has a rounding error relative to 1. */
const fromValue: readonly ElementwiseName[] = ['sigmoid', 'tanh', 'elu']

function slopeBounds(name: ElementwiseName, at: Float32Array) {
  const atol = Float64Array.from(at, (z) => (fromValue.includes(name) || Math.abs(z) < 6 ? NEAR : TAIL))
  return { name: `${name}′(z)`, atol, rtol: SLOPE }
}

describeKits('derivatives and exact values', (kit) => {
  const values = compileFormulas(
    Object.fromEntries(hiddenNames.map((name) => [name, (body, [z]) => activationFormulas[name].value(kit, body, z!)])),
  ) as Record<ElementwiseName, (z: Float32Array) => Float32Array>
  const slopes = compileFormulas(
    Object.fromEntries(
      hiddenNames.map((name) => [name, (body, [z, a]) => activationFormulas[name].derivative(kit, body, z!, a!)]),
    ),
  ) as Record<ElementwiseName, (z: Float32Array, a: Float32Array) => Float32Array>

  it.each(hiddenNames)('the derivative of %s', (name) => {
    const slope = (z: number) => activations[name].derivative(z, activations[name].value(z))
    const { at, want } = referenceOf(`${name}′`, slope, Number.isFinite)
    expectClose(slopes[name](at, values[name](at)), want, slopeBounds(name, at))
  })

  it.each(hiddenNames)('%s at extreme points', (name) => {
    const at = Float32Array.from(exact.places)
    const a = values[name](at)
    const bound = Math.max(1, valueErrors[name]) * 2 ** -23
    expectClose(a, exact[name].values, { name: `${name}(z)`, rtol: bound, atol: TAIL })
    expectClose(slopes[name](at, a), exact[name].slopes, slopeBounds(name, at))
  })

  it.each(hiddenNames)('%s of NaN is NaN, and its limits are right', (name) => {
    const at = Float32Array.of(NaN, -Infinity, Infinity, 0)
    const a = values[name](at)
    expect(a[0]).toBeNaN()
    const { value, derivative } = activations[name]
    const limits = [value(-Infinity), value(Infinity)]
    expect([...a.subarray(1, 3)].map((limit) => limit + 0)).toEqual(limits.map((limit) => limit + 0))
    const got = slopes[name](at, a)
    const flat = [-Infinity, Infinity].map((z) => Math.fround(derivative(z, value(z))) + 0)
    expect([...got.subarray(1, 3)].map((slope) => slope + 0)).toEqual(flat)
  })
})

describeKits('losses', (kit) => {
  const terms = compileFormulas(
    Object.fromEntries(
      lossNames.map((name) => [name, (body, [a, y, z]) => lossFormulas[name].term(kit, body, a!, y!, z!)]),
    ),
  ) as Record<LossName, (a: Float32Array, y: Float32Array, logit: Float32Array) => Float32Array>
  const slopes = compileFormulas(
    Object.fromEntries(lossNames.map((name) => [name, (body, [a, y]) => lossFormulas[name].slope(kit, body, a!, y!)])),
  ) as Record<LossName, (a: Float32Array, y: Float32Array) => Float32Array>
  const some = [-1e20, -3, -1.5, -1, -0.3, -1e-45, 0, 1e-40, 0.25, 0.75, 1, 1.75, 40, 1e18]
  const pairs = some.flatMap((a) => some.map((y) => [a, y] as const))
  const a = Float32Array.from(pairs, ([first]) => first)
  const y = Float32Array.from(pairs, ([, second]) => second)
  const logit = Float32Array.from(pairs, ([first], i) => first * (i % 3) - 1)

  it.each(lossNames)('%s', (name) => {
    const { term, slope } = losses[name]
    const wantTerms = Array.from(a, (value, i) => term(value, y[i]!, logit[i]!))
    // binaryCrossEntropy is a difference of two terms.
    const atol = Float64Array.from(
      y,
      (target, i) => 2 ** -21 * (1 + Math.abs(logit[i]!) + Math.abs(target * logit[i]!)),
    )
    const isDifference = name === 'binaryCrossEntropy'
    const finite = wantTerms.map((want) => (Math.abs(want) > 3.4e38 ? Infinity * Math.sign(want) : want))
    expectClose(terms[name](a, y, logit), finite, { name, rtol: 2 ** -21, atol: isDifference ? atol : 2 ** -149 })
    const wantSlopes = Array.from(a, (value, i) => slope(value, y[i]!))
    expectClose(slopes[name](a, y), wantSlopes, { name: `${name}′`, rtol: 2 ** -23 })
  })

  it.each(lossNames)('%s of NaN is NaN', (name) => {
    const nan = Float32Array.of(NaN, NaN, 1, 1)
    const targets = Float32Array.of(1, 0.5, NaN, NaN)
    expect([...terms[name](nan, targets, nan), ...slopes[name](nan, targets)]).toEqual(Array<number>(8).fill(NaN))
  })

  it('crossEntropy: a class without a share adds nothing', () => {
    const got = terms.crossEntropy(
      new Float32Array(4),
      Float32Array.of(0, -0, 0, 1),
      new Float32Array(4).fill(-Infinity),
    )
    expect([...got].map((value) => value + 0)).toEqual([0, 0, 0, Infinity])
  })
})

/** The vector instructions that a formula consists of, without constants and locals. */
function countInstructions(write: (body: Body) => { write(code: number[]): void }) {
  const body = new Body(1)
  write(body).write(body.code)
  const { code } = body
  let vector = 0
  let divisions = 0
  for (let i = 0; i < code.length;) {
    const opcode = code[i++]!
    if (opcode === 0x20 || opcode === 0x21 || opcode === 0x41)
      i++ // a local, or a short constant
    else if (opcode === 0xfd) {
      const low = code[i++]!
      const instruction = low < 128 ? low : low - 128 + 128 * code[i++]!
      if (instruction === 0x0c) i += 16
      else if (instruction === 0xe7) divisions++
      else vector++
    } else throw new Error(`opcode ${opcode}`)
  }
  return { vector, divisions }
}

describe('the number of instructions', () => {
  const [z] = parameterLocals(['v128'] as const)
  const formulas: Record<string, (kit: Kit, body: Body) => { write(code: number[]): void }> = {
    sigmoid: (kit, body) => activationFormulas.sigmoid.value(kit, body, z),
    tanh: (kit, body) => activationFormulas.tanh.value(kit, body, z),
    expOfNegative: (kit, body) => expOfNegative(kit, body, z),
    exp: (kit, body) => exp(kit, body, z),
  }
  // Small networks spend most of their time in sigmoid: it must not grow by an oversight.
  it.each([
    ['sigmoid', { vector: 19, divisions: 1 }, { vector: 13, divisions: 1 }],
    ['tanh', { vector: 23, divisions: 1 }, { vector: 16, divisions: 1 }],
    ['expOfNegative', { vector: 20, divisions: 0 }, { vector: 12, divisions: 0 }],
    ['exp', { vector: 30, divisions: 0 }, { vector: 21, divisions: 0 }],
  ])('of %s', (name, plain, relaxed) => {
    const count = (isRelaxed: boolean) => countInstructions((body) => formulas[name]!(makeKit(isRelaxed), body))
    expect([count(false), count(true)]).toEqual([plain, relaxed])
  })
})
