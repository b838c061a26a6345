import { type Code, type Expression, type I32, type Statement, unsigned, type ValueType } from './expression.ts'
import { i32, int } from './scalars.ts'

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b }

/** A variable of a function. As an expression it is its current value. */
export interface Local<T extends ValueType = ValueType> extends Expression<T> {
  readonly index: number
}

export type Parameters = readonly ValueType[]
type Arguments<P extends Parameters> = { readonly [K in keyof P]: Expression<P[K]> }
type Locals<P extends Parameters> = { readonly [K in keyof P]: Local<P[K]> }

/** The signature of a function: its type in a module. */
export interface Signature {
  readonly parameters: Parameters
  readonly result: ValueType | undefined
}

/** Writes a function's type as a module's type section holds it. */
export function writeSignature(code: Code, { parameters, result }: Signature): void {
  code.push(0x60, parameters.length, ...parameters.map((type) => typeCodes[type]))
  if (result === undefined) code.push(0)
  else code.push(1, typeCodes[result])
}

/** A function of a module, which other functions can call. */
export interface Callable<P extends Parameters = Parameters, R extends ValueType | undefined = ValueType | undefined> {
  readonly index: number
  readonly signature: { readonly parameters: P; readonly result: R }
}

/** A call whose result is used. */
export const call = <P extends Parameters, R extends ValueType>(
  { index, signature }: Callable<P, R>,
  ...given: Arguments<P>
): Expression<R> => ({
  type: signature.result,
  write(code) {
    for (const argument of given) argument.write(code)
    code.push(0x10)
    unsigned(code, index)
  },
})

const BLOCK = 0x02
const LOOP = 0x03
const IF = 0x04
const ELSE = 0x05
const END = 0x0b
const BRANCH = 0x0c
const BRANCH_IF = 0x0d
const EMPTY = 0x40

/** The body of a function while it is written: its local variables, statements and control flow. */
export class Body {
  readonly code: Code = []
  readonly #parameters: number
  readonly #locals: ValueType[] = []

  constructor(parameters: number) {
    this.#parameters = parameters
  }

  /** Declares a variable, with an initial value or 0. */
  local<T extends ValueType>(type: T, value?: Expression<T>): Local<T> {
    const local = makeLocal(type, this.#parameters + this.#locals.length)
    this.#locals.push(type)
    if (value) this.set(local, value)
    return local
  }

  /** Computes a value once and keeps it in a variable. */
  keep<T extends ValueType>(value: Expression<T>): Local<T> {
    return this.local(value.type, value)
  }

  set<T extends ValueType>(local: Local<T>, value: Expression<T>): void {
    value.write(this.code)
    this.code.push(0x21)
    unsigned(this.code, local.index)
  }

  /** local += amount, for integers. */
  increase(local: Local<'i32'>, amount: I32 | number): void {
    this.set(local, i32.add(local, typeof amount === 'number' ? int(amount) : amount))
  }

  do(statement: Statement): void {
    statement(this.code)
  }

  /** Computes a value for its effect alone. */
  drop(value: Expression): void {
    value.write(this.code)
    this.code.push(0x1a)
  }

  /** Calls a function that has no result. */
  call<P extends Parameters>(callable: Callable<P, undefined>, ...given: Arguments<P>): void {
    for (const argument of given) argument.write(this.code)
    this.code.push(0x10)
    unsigned(this.code, callable.index)
  }

  /** @param otherwise what is done where the condition is 0 */
  if(condition: I32, then: () => void, otherwise?: () => void): void {
    condition.write(this.code)
    this.code.push(IF, EMPTY)
    then()
    if (otherwise) {
      this.code.push(ELSE)
      otherwise()
    }
    this.code.push(END)
  }

  /** Repeats `body` as long as the condition, which is computed after it, is not 0. At least once. */
  repeat(body: () => void, condition: () => I32): void {
    this.code.push(LOOP, EMPTY)
    body()
    condition().write(this.code)
    this.code.push(BRANCH_IF, 0, END)
  }

  /** Repeats `body` as long as the condition, which is computed before it, is not 0. */
  while(condition: () => I32, body: () => void): void {
    this.code.push(BLOCK, EMPTY, LOOP, EMPTY)
    i32.eqz(condition()).write(this.code)
    this.code.push(BRANCH_IF, 1)
    body()
    this.code.push(BRANCH, 0, END, END)
  }

  /**
   * Repeats `body` for counter = start, start + step … as long as it is less than `end`.
   * @param end is computed anew each time: a constant or a local
   */
  for(counter: Local<'i32'>, start: I32, end: I32, step: number, body: () => void): void {
    this.set(counter, start)
    this.while(
      () => i32.ltS(counter, end),
      () => {
        body()
        this.increase(counter, step)
      },
    )
  }

  /** Ends the function. */
  return(value?: Expression): void {
    value?.write(this.code)
    this.code.push(0x0f)
  }

  /** The body in binary form, with its size. */
  finish(): Code {
    const inner: Code = []
    const runs: { type: ValueType; count: number }[] = []
    for (const type of this.#locals) {
      const last = runs.at(-1)
      if (last?.type === type) last.count++
      else runs.push({ type, count: 1 })
    }
    unsigned(inner, runs.length)
    for (const { type, count } of runs) {
      unsigned(inner, count)
      inner.push(typeCodes[type])
    }
    const size: Code = []
    unsigned(size, inner.length + this.code.length + 1)
    return [...size, ...inner, ...this.code, END]
  }
}

function makeLocal<T extends ValueType>(type: T, index: number): Local<T> {
  return {
    type,
    index,
    write(code) {
      code.push(0x20)
      unsigned(code, index)
    },
  }
}

/** The parameters of a function as variables. */
export const parameterLocals = <P extends Parameters>(parameters: P): Locals<P> =>
  parameters.map((type, index) => makeLocal(type, index)) as unknown as Locals<P>
