import { type Explanation, explanationOf, explanations } from './explanations.ts'
import { type Message, readMessages } from './messages.ts'
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
  const sections = [...grouped()].flatMap(([{ title, meaning, advice }, messages]) =>
    messages.size === 0
      ? []
      : [
          `## ${title}`,
          meaning,
          `**What to do.** ${advice}`,
          [...messages]
            .sort()
            .map((text) => `- ${code(text)}`)
            .join('\n'),
        ],
  )
  writePage(
    'reference/errors.md',
    `---
editLink: false
outline: 2
---

# Errors and messages

Search for the text that you see: "…" are the parts that depend on your case. Every message is one line with the argument or the
option, what came, and what is expected.

| Class | Meaning |
| --- | --- |
${Object.entries(classes)
  .map(([name, meaning]) => `| \`${name}\` | ${meaning} |`)
  .join('\n')}

\`DivergedError\` has the message "the training loss became … in epoch …", with the likely cause and what helps. See
[training](../guide/training.md#when-the-loss-becomes-infinite).

${sections.join('\n\n')}
`,
  )
}
