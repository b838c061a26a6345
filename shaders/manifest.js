import { readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Writes src/backend/webgpu/kernels/manifest.ts, which imports every file of shaders/. Run it when a shader was added,
 * renamed or removed: npm run shaders
 */

const folder = new URL('.', import.meta.url)
const manifest = fileURLToPath(new URL('../src/backend/webgpu/kernels/manifest.ts', import.meta.url))

/** The names of all shaders: paths within this folder, without the extension. */
export function shaderNames() {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.wgsl'))
  return names.map((path) => path.replaceAll('\\', '/').slice(0, -'.wgsl'.length)).sort()
}

/** @param {readonly string[]} names */
export function manifestText(names) {
  /** @param {string} name */
  const identifier = (name) => name.replace(/[/_](.)/g, (_, letter) => String(letter).toUpperCase())
  return `// Written by \`node shaders/manifest.js\`. A test checks that it lists every file of shaders/.
${names.map((name) => `import ${identifier(name)} from '../../../../shaders/${name}.wgsl?raw'`).join('\n')}

/** The text of every shader, under its path in shaders/ without the extension. */
export const shaderTexts = {
${names.map((name) => `  ${/[/]/.test(name) ? `'${name}'` : name}: ${identifier(name)},`.replace(/^ {2}(\w+): \1,$/, '  $1,')).join('\n')}
} as const

export type ShaderName = keyof typeof shaderTexts
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(manifest, manifestText(shaderNames()))
