import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { commandLine, shellWord } from '../src/shell.ts'

/** Words with a meaning for shells and terminals. */
const hostile = ['$(touch x)', '`id`', "';id;'", 'a b', '~', '*', '-rf', '!!', '\\', "\\'", 'x\u0003id\n', '\u001b[201~id\n', '\u202etxt', '', '\u2028', '$\'\\x41\'', '\u0085\u0007'] // prettier-ignore
const characters = fc.constantFrom(
  ...Array.from('ab1 $`\'"\\;&|<>(){}[]*?!~#%=\n\r\t\u0003\u001b\u007f\u0085\u202eé\u{1f600}'),
)
const words = fc.sample(fc.string({ unit: characters, minLength: 1, maxLength: 12 }), { seed: 1, numRuns: 400 })

const argumentsOf = (line: string): string[] =>
  execFileSync('bash', ['--norc', '-c', `printf '%s\\0' ${line}`], { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } })
    .split('\0')
    .slice(0, -1)

it('commands that are shown can be pasted into a shell, which takes each word as it is', () => {
  const all = [...hostile, ...words]
  const line = commandLine(all)
  expect(argumentsOf(line)).toEqual(['webgpu-mlp', ...all])
  // Nothing in it is obeyed by the terminal before the shell sees it.
  expect(line).not.toMatch(/[\p{Cc}\u202e\u2028]/u)
  expect(shellWord('0.1,0.3')).toBe('0.1,0.3')
  expect(shellWord('my file.csv')).toBe("'my file.csv'")
})
