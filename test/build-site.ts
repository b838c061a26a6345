import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Set-up of the project that tests the documentation site: builds it, or takes the one that SITE=built says is there. */
export default function buildSite(): void {
  const root = fileURLToPath(new URL('../', import.meta.url))
  if (process.env.SITE === 'built' && existsSync(`${root}dist-docs/index.html`)) return
  execFileSync('npm', ['run', '--silent', 'docs:build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}
