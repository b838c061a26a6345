import type { Command, Option } from 'commander'
import { commands } from '../../src/cli/commands.ts'
import { exitCodes } from '../../src/cli/output.ts'
import { writePage } from './paths.ts'

/** Text of a help that may contain `<` and `|`, as a cell of a table. */
const cell = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('|', '\\|').replaceAll('{{', '&#123;{')

/** The description of an option; its further lines are forms of the value. */
function description(option: Option): string {
  const [first = '', ...forms] = option.description.split('\n')
  return [cell(first), ...forms.map((form) => `<code>${cell(form.trim())}</code>`)].join('<br>')
}

const defaultOf = ({ defaultValue }: Option): string =>
  defaultValue === undefined || defaultValue === false ? '' : ` Default: ${cell(JSON.stringify(defaultValue))}.`

/** The title of a command, its usage, and a table of its options. */
function section(command: Command, parent = '', level = '##'): string {
  const name = `${parent}${command.name()}`
  const options = command.options.filter(({ hidden }) => !hidden)
  const rows = options.map(
    (option) =>
      `| <code>${cell(option.flags).replaceAll(' ', '&nbsp;')}</code> | ${description(option)}${defaultOf(option)} |`,
  )
  return [
    `${level} ${name}`,
    cell(command.description()),
    `\`\`\`text\nwebgpu-mlp ${name} ${command.usage()}\n\`\`\``,
    rows.length > 0 ? ['| Option | Meaning |', '| --- | --- |', ...rows].join('\n') : '',
    ...command.commands.map((own) => section(own, `${name} `, '###')),
  ].join('\n\n')
}

/** Writes the reference of the command line from the definitions that the program itself parses. */
export function writeCommandLine(): void {
  const sections = commands.map((make) => section(make()))
  const { failed, badInput, interrupted } = exitCodes
  writePage(
    'reference/command-line.md',
    `---
editLink: false
outline: [2, 3]
---

# Command line

\`npx webgpu-mlp COMMAND --help\` shows the same text. Results go to standard output, notes and errors to standard error.

| Exit code | Meaning |
| --- | --- |
| 0 | The command did what it was asked to do. |
| ${failed} | A run failed: a training diverged, a file could not be written, or \`verify\` found a difference. |
| ${badInput} | The input does not fit: an unknown option, a file that is missing, data of another shape. |
| ${interrupted} | Ended by Ctrl-C; what was trained so far is saved. |

${sections.join('\n\n')}
`,
  )
}
