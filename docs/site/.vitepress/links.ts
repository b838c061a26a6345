import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const text = readFileSync(fileURLToPath(new URL('../../../package.json', import.meta.url)), 'utf8')
const { repository } = JSON.parse(text) as { repository?: string | { url: string } }
const given = typeof repository === 'string' ? repository : repository?.url

/**
 * The address of the repository, from `repository` in package.json. Links to sources and "Edit this page" lead there. The
 * default is a placeholder in a domain that is reserved for examples.
 */
export const repositoryUrl = (given ?? 'https://repository.example/webgpu-mlp').replace(/^git\+|\.git$/g, '')
