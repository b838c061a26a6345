import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { addFlag, libraryFlags, longName, ownFlags } from '../src/cli/flags.ts'
import { sweepFlags } from '../src/cli/sweep/flags.ts'
import { type Option, optionSchemas } from '../src/index.ts'

/** The flags of the command line come from the library's schemas, or from the table of flags that only the command line has. */

const schemaOptions = new Set<unknown>(
  Object.values(optionSchemas).flatMap(({ fields }) => Object.values(fields as Record<string, unknown>)),
)
const known = new Map<string, { help: string | undefined; option?: Option<unknown, unknown> }[]>()
for (const option of Object.values<Option<unknown, unknown>>(libraryFlags)) {
  known.set(option.flag!, [...(known.get(option.flag!) ?? []), { help: option.help, option }])
}
for (const { flag, help } of [...Object.values(ownFlags), ...Object.values(sweepFlags)])
  known.set(flag, [...(known.get(flag) ?? []), { help }])

const flags = commands
  .flatMap((make) => {
    const command = make()
    return [command, ...command.commands]
  })
  .flatMap((command) => {
    return command.options.map((option) => ({ name: `${command.name()} ${option.flags}`, option }))
  })

it('every flag of a library option is in a schema', () => {
  const { usualLoss, ...own } = libraryFlags
  expect(Object.entries(own).filter(([, option]) => !schemaOptions.has(option))).toEqual([])
  expect(usualLoss.check).toBe(libraryFlags.loss.check)
})

it('every flag in a schema is a flag of a command', () => {
  const shown = new Set(flags.map(({ option }) => option.flags))
  const named = [...schemaOptions]
    .map((option) => (option as Option<unknown>).flag)
    .filter((flag) => flag !== undefined)
  expect([...new Set(named)].filter((flag) => !shown.has(flag))).toEqual([])
})

describe.each(flags)('$name', ({ option }) => {
  const entries = known.get(option.flags) ?? []
  const entry = entries.find(({ help }) => help === option.description)

  it('has its help, and its default, from a table', () => {
    expect(entry, option.description).toBeDefined()
    const { defaultValue } = option as { defaultValue?: unknown }
    if (entry!.option && defaultValue !== undefined && !option.negate) expect(defaultValue).toBe(entry!.option.default)
  })

  it('checks its value as the library does', () => {
    if (!entry?.option || !option.required) return
    const parse = (text: string) => option.parseArg!(text, undefined) as unknown
    const { names, isNumber, default: usual } = entry.option
    if (names) expect(() => parse('no such name')).toThrow(`${longName(option.flags)}: unknown name 'no such name'`)
    if (isNumber) {
      expect(() => parse('x')).toThrow('expected a number')
      expect(() => parse('-1e300')).toThrow(`${longName(option.flags)}: expected`)
    }
    if (typeof usual === 'number' && isNumber && usual > 0) expect(parse(String(usual))).toBe(usual)
  })
})

it('a new option with a flag needs no more than its schema', () => {
  const command = addFlag(new Command('x'), { ...libraryFlags.batch, flag: '--size <n>', help: 'a size' })
  expect(command.parse(['--size', '3'], { from: 'user' }).opts()).toEqual({ size: 3 })
  expect(() => addFlag(new Command('x'), libraryFlags.batch).parse(['--batch', '0'], { from: 'user' })).toThrow(
    '--batch: expected a whole number from 1',
  )
})
