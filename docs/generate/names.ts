import { aliases } from '../../src/core/aliases.ts'
import { writePage } from './paths.ts'

type Library = 'Keras' | 'PyTorch' | 'scikit-learn' | 'pandas'

/** pandas has few of the names, and a fourth column would make the table wider than the page. */
const columns: readonly (readonly Library[])[] = [['Keras'], ['PyTorch'], ['scikit-learn', 'pandas']]

const listed = (names: string) =>
  names
    .split(' ')
    .map((name) => `\`${name}\``)
    .join(', ')

/** The names in the libraries of a column; the first library needs no mention. */
const cell = (names: Partial<Record<Library, string>>, libraries: readonly Library[]) =>
  libraries
    .flatMap((library, i) => {
      const own = names[library]
      return own === undefined ? [] : [i === 0 ? listed(own) : `${listed(own)} (${library})`]
    })
    .join(', ')

function table(): string {
  const rows = Object.entries(aliases).map(
    ([own, names]) => `| \`${own}\` | ${columns.map((libraries) => cell(names, libraries)).join(' | ')} |`,
  )
  const titles = columns.map((libraries) => libraries.join(', '))
  return [`| webgpu-mlp | ${titles.join(' | ')} |`, `| --- | ${columns.map(() => '---').join(' | ')} |`, ...rows].join(
    '\n',
  )
}

/** Writes the tables of names in other libraries, which are those that error messages suggest. */
export function writeNames(): void {
  writePage(
    'reference/names.md',
    `---
aside: false
editLink: false
---

# Names in other libraries

What other libraries call the names of this one. Error messages suggest the same: \`optimizer option: unknown name 'lr'\` names
\`learningRate\`. A name that is not listed is the same in both.

${table()}

TensorFlow.js has Keras' names in camel case: \`learningRate\`, \`meanSquaredError\`, \`categoricalCrossentropy\`.
`,
  )
}
