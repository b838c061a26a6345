import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { repositoryUrl } from '../site/.vitepress/links.ts'
import { flowchartsAsLists } from './flowchart.ts'
import { root, writePage } from './paths.ts'

/** Pages of the site that are files of the repository. */
const copies: readonly { from: string; to: string }[] = [
  { from: 'ARCHITECTURE.md', to: 'background/architecture.md' },
  { from: 'docs/verification.md', to: 'background/verification.md' },
  { from: 'docs/reliability.md', to: 'background/reliability.md' },
  { from: 'docs/cluster.md', to: 'background/cluster.md' },
  { from: 'bench/RESULTS.md', to: 'background/measurements.md' },
  { from: 'SECURITY.md', to: 'background/security.md' },
  { from: 'CHANGELOG.md', to: 'background/changelog.md' },
]

/** The address of a file of the repository: its page if it has one, else its source. */
function addressOf(file: string, page: string): string {
  const copy = copies.find(({ from }) => from === file)
  if (copy) return relative(dirname(page), copy.to)
  return `${repositoryUrl}/blob/main/${file}`
}

/** Links and pictures of a Markdown file, for another place. */
function relink(text: string, from: string, to: string): string {
  return text.replace(/(!?)\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, picture: string, label: string, target: string) => {
    if (/^(https?:|mailto:)/.test(target)) return whole
    const [path = '', anchor] = target.split('#')
    if (path === '') return whole
    const file = relative(root, resolve(root, dirname(from), path))
    if (!existsSync(join(root, file))) throw new Error(`${from}: no file ${path}`)
    if (picture) return `![${label}](${relative(join(root, 'docs/site', dirname(to)), join(root, file))})`
    return `[${label}](${addressOf(file, to)}${anchor === undefined ? '' : `#${anchor}`})`
  })
}

/** Text such as `<date>` or `{{` outside code is no markup of Vue. */
const escapeMarkup = (text: string) =>
  text
    .split(/(^```[^]*?^```$|`[^`\n]*`)/m)
    .map((part, i) => (i % 2 === 0 ? part.replace(/<(?=[A-Za-z/])/g, '&lt;').replaceAll('{{', '&#123;{') : part))
    .join('')

/** Names the columns of tables that have none, because a table that is read aloud needs them. */
const nameColumns = (text: string) =>
  text.replace(/^\|(.*)\|(?=\n\|[ :|-]+\|$)/gm, (_, header: string) => {
    const cells = header.split(/(?<!\\)\|/)
    return `|${cells.map((cell, i) => (cell.trim() !== '' ? cell : i === 0 ? ' Case ' : ' Value ')).join('|')}|`
  })

/** Writes the pages of the site that are copies; edit the file that each names. */
export function writeCopies(): void {
  for (const { from, to } of copies) {
    const text = readFileSync(join(root, from), 'utf8')
    const page = nameColumns(flowchartsAsLists(escapeMarkup(relink(text, from, to))))
    writePage(to, `---\neditLink: false\n---\n\n${page}`)
  }
}
