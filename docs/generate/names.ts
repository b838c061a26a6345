import { aliases } from '../../src/core/aliases.ts'
import { writePage } from './paths.ts'

const libraries = ['Keras', 'PyTorch', 'scikit-learn', 'pandas'] as const

const cell = (names: string | undefined) =>
  names === undefined
    ? ''
    : names
        .split(' ')
        .map((name) => `\`${name}\``)
        .join(', ')

/** Names as a table of those that at least one of these libraries has. */
function table(shown: readonly (typeof libraries)[number][]): string {
  const rows = Object.entries(aliases)
    .filter(([, names]) => shown.some((library) => names[library] !== undefined))
    .map(([own, names]) => `| \`${own}\` | ${shown.map((library) => cell(names[library])).join(' | ')} |`)
  return [`| webgpu-mlp | ${shown.join(' | ')} |`, `| --- | ${shown.map(() => '---').join(' | ')} |`, ...rows].join(
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

${table(libraries)}

TensorFlow.js has Keras' names in camel case: \`learningRate\`, \`meanSquaredError\`, \`categoricalCrossentropy\`.
`,
  )
}
