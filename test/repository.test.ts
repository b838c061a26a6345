import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import lock from '../package-lock.json' with { type: 'json' }

/** What files of the repository say about each other: links, versions and commands. */

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
const documents = tracked.filter((file) =>
  /^[A-Z]+\.md$|^\.github\/|^examples\/.*\.(md|ya?ml)$|^docs\/[\w-]+\.md$/.test(file),
)
const repository = manifest.repository.url.replace(/^git\+(.*)\.git$/, '$1')

it('links name the repository of package.json', () => {
  const [, owner = ''] = /github\.com\/([\w-]+)\/webgpu-mlp$/.exec(repository) ?? []
  expect(manifest.homepage).toBe(`${repository}#readme`)
  expect(manifest.bugs).toBe(`${repository}/issues`)
  expect(manifest.author).toContain(`https://github.com/${owner})`)
  const links = documents
    .filter((file) => file !== 'RELEASING.md')
    .flatMap((file) => [...read(file).matchAll(/github\.com\/([\w-]+)\/webgpu-mlp/g)].map(([, name]) => [file, name]))
  expect(links.length).toBeGreaterThan(2)
  for (const [file, name] of links) expect(name, file).toBe(owner)
})

it('versions are that of package.json', () => {
  const { version } = manifest
  expect([lock.version, lock.packages[''].version]).toEqual([version, version])
  const [, newest] = /^## \[(\d+\.\d+\.\d+)\]/m.exec(read('CHANGELOG.md')) ?? []
  expect(newest).toBe(version)
  const images = documents.flatMap((file) =>
    [...read(file).matchAll(/webgpu-mlp:(\d+\.\d+\.\d+)/g)].map(([, tag]) => tag),
  )
  expect(images.length).toBeGreaterThan(1)
  expect(new Set(images)).toEqual(new Set([version]))
})

it('the change log has links for its versions and kinds of changes that it defines', () => {
  const text = read('CHANGELOG.md')
  expect(text.split('\n').length).toBeLessThanOrEqual(120)
  const versions = [...text.matchAll(/^## \[([^\]]+)\]/gm)].map(([, version]) => version!)
  for (const version of versions) expect(text).toContain(`\n[${version}]: ${repository}/`)
  const kinds = [...text.matchAll(/^### (.*)$/gm)].map(([, kind]) => kind)
  for (const kind of kinds) expect(['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']).toContain(kind)
})

interface Workflow {
  readonly on: unknown
  readonly jobs: Record<string, { readonly steps: readonly { readonly run?: string }[]; readonly strategy?: unknown }>
}

describe('the files for GitHub', () => {
  const files = (folder: string) => readdirSync(join(root, '.github', folder)).filter((name) => /\.ya?ml$/.test(name))

  it('call commands that package.json has', () => {
    for (const name of files('workflows')) {
      const text = read(`.github/workflows/${name}`)
      const { on, jobs } = parse(text) as Workflow
      expect(on).toBeTruthy()
      const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))
      expect(commands.length).toBeGreaterThan(0)
      const scripts = [...text.matchAll(/npm run ([\w:]+)|command: ([\w:]+)/g)].map(
        ([, run, command]) => run ?? command,
      )
      for (const script of scripts) expect(Object.keys(manifest.scripts), name).toContain(script)
      for (const [, program] of text.matchAll(/\bnode (build\/\S+)/g)) expect(tracked).toContain(program)
    }
  })

  it('ask for the output of doctor in forms whose fields have a label', () => {
    const forms = files('ISSUE_TEMPLATE').filter((name) => name !== 'config.yml')
    for (const name of forms) {
      const { body, ...form } = parse(read(`.github/ISSUE_TEMPLATE/${name}`)) as {
        body: { type: string; id: string; attributes: { label?: string } }[]
      }
      expect(Object.keys(form)).toEqual(expect.arrayContaining(['name', 'description']))
      for (const { type, attributes } of body) {
        expect(['textarea', 'input', 'dropdown', 'checkboxes', 'markdown']).toContain(type)
        expect(attributes.label).toMatch(/\w/)
      }
      expect(new Set(body.map(({ id }) => id)).size).toBe(body.length)
    }
    expect(read('.github/ISSUE_TEMPLATE/bug.yml')).toContain('npx webgpu-mlp doctor --json')
  })

  it.each(['CONTRIBUTING.md', 'RELEASING.md'])('go with %s, whose commands and links exist', (file) => {
    const text = read(file)
    const scripts = [...text.matchAll(/npm run ([a-z]+(?::[a-z]+)*)/g)].map(([, script]) => script!)
    expect(scripts.length).toBeGreaterThan(2)
    for (const script of scripts) expect(Object.keys(manifest.scripts)).toContain(script)
    for (const [, link] of text.matchAll(/\]\((?!http)([^)#]+)/g)) expect(tracked).toContain(link)
  })
})

describe('check-release', () => {
  const check = (tag: string) => {
    try {
      return execFileSync('node', ['build/check-release.js', tag], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
    } catch (error) {
      return (error as { stderr: string }).stderr
    }
  }

  it('refuses another version, and names what is missing', () => {
    expect(check('v0.0.9')).toContain(`the tag is 'v0.0.9', the version in package.json ${manifest.version}`)
    expect(check('v0.0.9')).toContain("CHANGELOG.md has no '## [0.0.9] - YYYY-MM-DD'")
  })

  it('refuses placeholders and a version without a date, or prints the changes', () => {
    const hasOwner = !repository.includes('/OWNER/')
    const isDated = read('CHANGELOG.md').includes(`## [${manifest.version}] - 2`)
    const result = check(`v${manifest.version}`)
    expect(/SECURITY\.md:\d+ has the placeholder OWNER/.test(result)).toBe(!hasOwner)
    expect(result.includes('YYYY-MM-DD')).toBe(!isDated)
    expect(/^### (Added|Changed|Fixed)/.test(result)).toBe(hasOwner && isDated)
  })
})
