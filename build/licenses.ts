import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { modulesInText } from '../script-text.js'

/** The file that a build writes beside the code. */
export const LICENSES_FILE = 'THIRD_PARTY_LICENSES.txt'

/**
 * Plugins that write the licences of all packages of which a build contains code, style sheets or fonts. A package without a
 * licence text fails the build.
 * @param more folders of packages with files that the build copies without importing them
 * @returns `plugin` for the build, and `collector` for its workers, which are built on their own
 */
export function licenses(more: readonly string[] = []): { plugin: Plugin; collector: () => Plugin } {
  const folders = new Set(more)
  const collect = (ids: Iterable<string>) => {
    for (const id of ids) {
      for (const module of [id, ...modulesInText(id)]) {
        const folder = packageFolder(module)
        if (folder !== undefined) folders.add(folder)
      }
    }
  }
  const collector = (): Plugin => ({
    name: 'collect-licenses',
    generateBundle() {
      collect(this.getModuleIds())
    },
  })
  const plugin: Plugin = {
    name: 'licenses',
    apply: (_, { isSsrBuild }) => !isSsrBuild,
    generateBundle() {
      collect(this.getModuleIds())
      this.emitFile({ type: 'asset', fileName: LICENSES_FILE, source: licensesText([...folders]) })
    },
  }
  return { plugin, collector }
}

/** The folder of the package that a module belongs to; undefined for modules of this project and of build tools. */
function packageFolder(id: string): string | undefined {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/@.][^/]*)\//.exec(id.replaceAll('\\', '/'))?.[1]
}

/** The licences of packages, in the order of their names. @throws Error for a package without a licence text */
export function licensesText(folders: readonly string[]): string {
  const parts = new Map(folders.map((folder) => licenseOf(folder)))
  const texts = [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => `${name}\n\n${text}`)
  return [introduction, ...texts].join(`\n\n${'-'.repeat(80)}\n\n`) + '\n'
}

const introduction = 'The files beside this one contain code of the following packages.'

/** Name with version and licence, and the texts, of a package. */
function licenseOf(folder: string): [name: string, text: string] {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string | undefined
  >
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file))
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
  if (texts.join('').length < 200) throw new Error(`${folder} has no licence text, but the build contains code of it`)
  return [`${name ?? folder} ${version ?? ''} (${license ?? 'licence below'})`, texts.join('\n\n')]
}
