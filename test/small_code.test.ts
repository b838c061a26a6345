import { transform } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { markPure, withImportsKept, withLines } from '../build/small-code.ts'

/** The package's code as bundlers see it: the same values, and none of them kept where it is not used. */

/** Statements with all that keeps bundlers from leaving a value out, and the names that they define. */
const statements = [
  'function double(x) { return 2 * x }',
  'const called = double(4), made = new Map([[1, 2]]), settings = { called, nested: { made, list: [1, called] } }',
  'const read = settings.nested.list, spread = { ...settings, more: [...read] }, text = `${called} and ${read}`',
  'const { nested, nested: { list: [, second = 7] }, absent = double(5), ...others } = settings',
  'let [first, ...rest] = [1, 2, 3], [LARGE, SMALL] = [100, 10]',
  'class Base { static kind = "base"; own = 1 }',
  'const Derived = class extends Base {}, arrow = () => called, functional = function () { return this }',
  'const object = { get value() { return called }, [`key${called}`]: 1 }',
  'export const exported = double(called)',
]
const names = [
  ...['called', 'made', 'settings', 'read', 'spread', 'text', 'nested', 'second', 'absent', 'others', 'first', 'rest'],
  ...['LARGE', 'SMALL', 'object', 'exported'],
]

async function load(code: string): Promise<Record<string, unknown>> {
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Record<string, unknown>
}

const code = statements.join('\n')

it('minified code has a line for each statement and member, and defines the same', async () => {
  const source = `${code}
    class Lines { #a = 1; get b() { return this.#a } static c() { for (const x of [1, 2]) if (x) { return x } return 3 } }
    export const lines = [new Lines().b, Lines.c()], more = () => { let x = 1, y; if (x) { y = 2; x++ } return [x, y] }`
  const { code: minified } = await transform(source, { format: 'esm', minifyWhitespace: true, minifySyntax: true })
  const split = withLines(minified)
  expect(split.replaceAll('\n', '')).toBe(minified.replaceAll('\n', ''))
  const longest = Math.max(...split.split('\n').map((line) => line.length))
  expect(longest).toBeLessThan(120)
  const { lines, more, exported } = await load(split)
  expect({ lines, more: (more as () => unknown)(), exported }).toEqual({ lines: [1, 1], more: [2, 2], exported: 16 })
})

it('imports of computed names are left alone by bundlers, and no others', () => {
  const [computed, fixed] = ['const a=n=>import(n),b=import(c.d)', 'const e=import("./f.js"),g=import(`./h.js`)']
  const comments = '/* @vite-ignore */ /* webpackIgnore: true */'
  expect(withImportsKept(computed)).toBe(`const a=n=>import(${comments} n),b=import(${comments} c.d)`)
  expect(withImportsKept(fixed)).toBe(fixed.replaceAll('`', '"'))
})

describe('code that is marked as pure', () => {
  const listed = `export { ${names.filter((name) => name !== 'exported').join()}, Derived, arrow, functional }`

  it.each([
    ['as it was written', {}],
    ['minified', { minifyWhitespace: true, minifySyntax: true }],
  ])('defines the same, %s', async (_, options) => {
    const { code: source } = await transform(`${code}\n${listed}`, { format: 'esm', target: 'es2022', ...options })
    const [before, after] = [await load(source), await load(markPure(source))]
    for (const name of names) expect(after[name], name).toEqual(before[name])
    for (const name of ['Derived', 'arrow', 'functional']) {
      expect((after[name] as Function).name, name).toBe(name) // eslint-disable-line @typescript-eslint/no-unsafe-function-type
    }
    expect(after.second).toBe(8)
    expect(after.others).toEqual({ called: 8 })
  })

  it('is left out where nothing uses it', async () => {
    const shake = async (source: string) =>
      (await transform(source, { format: 'esm', treeShaking: true, target: 'es2022' })).code
    const used = code.replaceAll('static kind = "base"; ', '').replace('export ', '')
    expect(await shake(used)).not.toBe('')
    expect(await shake(markPure(used))).toBe('')
  })

  it('keeps statements and what it does not know', () => {
    const kept =
      'import "./a.js"; start(); export { b } from "./b.js"; var later; const number = -1, words = ["a", `b`]'
    expect(markPure(kept)).toBe(kept)
  })
})
