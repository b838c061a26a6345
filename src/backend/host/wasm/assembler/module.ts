import { type Code, type Expression, unsigned, type ValueType } from './expression.ts'
import {
  Body,
  type Callable,
  type Local,
  type Parameters,
  parameterLocals,
  type Signature,
  writeSignature,
} from './function.ts'

const TYPE = 1
const IMPORT = 2
const FUNCTION = 3
const EXPORT = 7
const CODE = 10

/** The most pages of 64 KiB that a module's memory can have: 4 GiB. */
export const MOST_PAGES = 65536

interface Entry {
  readonly signature: Signature
  code: Code
}

type Arguments<P extends Parameters> = { readonly [K in keyof P]: Local<P[K]> }

/**
 * A WebAssembly module while it is written. Its memory is imported, as `memory` of the module `host`.
 * For instance, this exports a function that doubles a number:
 * `module.define('double', ['i32'], 'i32', (_, [x]) => i32.add(x, x))`.
 */
export class ModuleWriter {
  readonly #isShared: boolean
  readonly #functions: Entry[] = []
  readonly #exports: { readonly name: string; readonly index: number }[] = []

  /** @param isShared whether the memory is shared between threads */
  constructor({ isShared }: { isShared: boolean }) {
    this.#isShared = isShared
  }

  /**
   * Adds a function with a result.
   * @param name under which it is exported; undefined for one that other functions call
   * @param write writes its body, and gives the result
   */
  define<const P extends Parameters, R extends ValueType>(
    name: string | undefined,
    parameters: P,
    result: R,
    write: (body: Body, parameters: Arguments<P>) => Expression<R>,
  ): Callable<P, R> {
    return this.#add(name, parameters, result, (body) => {
      write(body, parameterLocals(parameters)).write(body.code)
    })
  }

  /** Adds a function without a result, as {@link define} does. */
  procedure<const P extends Parameters>(
    name: string | undefined,
    parameters: P,
    write: (body: Body, parameters: Arguments<P>) => void,
  ): Callable<P, undefined> {
    return this.#add(name, parameters, undefined, (body) => {
      write(body, parameterLocals(parameters))
    })
  }

  #add<P extends Parameters, R extends ValueType | undefined>(
    name: string | undefined,
    parameters: P,
    result: R,
    write: (body: Body) => void,
  ): Callable<P, R> {
    const signature = { parameters, result }
    const index = this.#functions.length
    const entry: Entry = { signature, code: [] }
    this.#functions.push(entry)
    const body = new Body(parameters.length)
    write(body)
    entry.code = body.finish()
    if (name !== undefined) this.#exports.push({ name, index })
    return { index, signature }
  }

  /** The module in binary form. */
  finish(): Uint8Array<ArrayBuffer> {
    const code: Code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
    const section = (id: number, entries: readonly Code[]) => {
      const content: Code = []
      unsigned(content, entries.length)
      for (const entry of entries) for (const byte of entry) content.push(byte)
      code.push(id)
      unsigned(code, content.length)
      for (const byte of content) code.push(byte)
    }
    section(
      TYPE,
      this.#functions.map(({ signature }) => written((entry) => writeSignature(entry, signature))),
    )
    section(IMPORT, [written((entry) => this.#writeMemory(entry))])
    section(
      FUNCTION,
      this.#functions.map((_, index) => written((entry) => unsigned(entry, index))),
    )
    section(
      EXPORT,
      this.#exports.map(({ name, index }) =>
        written((entry) => {
          writeName(entry, name)
          entry.push(0)
          unsigned(entry, index)
        }),
      ),
    )
    section(
      CODE,
      this.#functions.map(({ code }) => code),
    )
    return Uint8Array.from(code)
  }

  #writeMemory(code: Code): void {
    writeName(code, 'host')
    writeName(code, 'memory')
    code.push(2, this.#isShared ? 3 : 1)
    unsigned(code, 0)
    unsigned(code, MOST_PAGES)
  }
}

function written(write: (code: Code) => void): Code {
  const code: Code = []
  write(code)
  return code
}

function writeName(code: Code, name: string): void {
  unsigned(code, name.length)
  for (let i = 0; i < name.length; i++) code.push(name.charCodeAt(i))
}
