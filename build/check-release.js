// node build/check-release.js v1.2.3: checks that the repository is ready to publish this version, and prints its part of the
// change log. Exit status 1, and a line for each thing that is missing, if it is not.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const [tag = ''] = process.argv.slice(2)
const version = tag.replace(/^v/, '')
const { version: own } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const changes = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')

const problems = []
if (version !== own) problems.push(`the tag is '${tag}', the version in package.json ${own}`)
const [heading = '', notes = ''] = changes.split(/^(?=## )/m).flatMap((part) => {
  const [, first, rest] = /^(.*)\n([^]*)$/.exec(part)
  return first.startsWith(`## [${version}]`) ? [first, rest] : []
})
if (!/ - \d{4}-\d\d-\d\d$/.test(heading)) problems.push(`CHANGELOG.md has no '## [${version}] - YYYY-MM-DD'`)
if (!/^- /m.test(notes)) problems.push(`CHANGELOG.md has no changes of ${version}`)
const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
for (const file of files) {
  if (file === 'RELEASING.md') continue
  const lines = readFileSync(join(root, file), 'latin1').split('\n')
  const line = lines.findIndex((text) => text.includes('github.com/OWNER'))
  if (line >= 0) problems.push(`${file}:${line + 1} has the placeholder OWNER (RELEASING.md says how to replace it)`)
}

if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exitCode = 1
} else {
  // The links at the end of the change log are not part of a version.
  console.log(notes.replace(/^\[[^\]]+\]: .*$/gm, '').trim())
}
