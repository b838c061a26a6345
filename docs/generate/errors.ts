import { type Explanation, explanationOf, explanations } from './explanations.ts'
import { type Message, readMessages } from './messages.ts'
import { readNotes } from './notes.ts'
import { writePage } from './paths.ts'

/** What each class of errors means for a program. */
const classes: Record<string, string> = {
  InputError: 'An argument, an option or a file does not fit. It is thrown before any work is done. Exit code 2.',
  BackendUnavailableError: 'The backend that was asked for cannot run on this machine. Exit code 1.',
  DeviceLostError: 'The GPU device was lost and not replaced. Exit code 1.',
  GPUValidationError:
    'WebGPU rejected a shader, a buffer or a binding: an error of the library or the driver. Please report it.',
  OutOfMemoryError: 'The device or the process has no memory left for what the network needs. Exit code 1.',
  DivergedError:
    'The loss or a parameter became infinite or NaN. The error has the last good parameters, and `autopsy` has the likely cause.',
  WriteError:
    'A file cannot be written: the disk is full, or the path is protected (command line and `webgpu-mlp/node`). Exit code 1.',
}

const code = (text: string) =>
  `<code>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('{{', '&#123;{')}</code>`

/** The messages with the same explanation. @throws Error for a message that has none */
function grouped(): Map<Explanation, Set<string>> {
  const groups = new Map<Explanation, Set<string>>(explanations.map((one) => [one, new Set()]))
  for (const { file, text } of readMessages()) {
    const explanation = explanationOf(text, file.replace(/^src\//, ''))
    if (!explanation) throw new Error(`docs/generate/explanations.ts explains no message such as "${text}" (${file})`)
    groups.get(explanation)!.add(text)
  }
  return groups
}

/** Messages that no explanation fits. */
export const unexplained = (): Message[] =>
  readMessages().filter(({ file, text }) => !explanationOf(text, file.replace(/^src\//, '')))

/** Writes the page with all messages, so that the search of the site finds the text that a user sees. */
export function writeErrors(): void {
  const section = ({ title, meaning, advice }: Omit<Explanation, 'fits'>, texts: readonly string[]) => [
    `## ${title}`,
    meaning,
    `**What to do.** ${advice}`,
    texts.map((text) => `- ${code(text)}`).join('\n'),
  ]
  const errors = [...grouped()].flatMap(([kind, messages]) =>
    messages.size === 0 ? [] : section(kind, [...messages].sort()),
  )
  const notes = [...readNotes()].flatMap(([kind, texts]) => section(kind, texts))
  writePage(
    'reference/errors.md',
    `---
editLink: false
outline: 2
---

# Errors and messages

Search for the text that you see: "…" are the parts that depend on your case. Every error message is one line with the argument or the
option, what came, and what is expected. Notes and advice, which are no errors, are [at the end](#notes-and-advice).

| Class | Meaning |
| --- | --- |
${Object.entries(classes)
  .map(([name, meaning]) => `| \`${name}\` | ${meaning} |`)
  .join('\n')}

\`DivergedError\` has the message "the training loss became … in epoch …", with the likely cause and what helps. See
[training](../guide/training.md#when-the-loss-becomes-infinite).

${errors.join('\n\n')}

## Notes and advice

The command line prints these as \`webgpu-mlp: note: …\` on standard error; in programs, \`adviseBefore\`, \`adviseAfter\`, \`describeAutopsy\` and
the option \`onNote\` give the sentences.

${notes.join('\n\n')}
`,
  )
}
