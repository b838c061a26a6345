import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installTools } from './install.ts'

interface Stats {
  toString(options: object): string
}
type Webpack = (options: object, done: (error: Error | null, stats: Stats | undefined) => void) => void

/** Runs webpack, and throws its errors and warnings. */
export async function runWebpack(options: object): Promise<void> {
  const path = join(await installTools('tools'), 'node_modules', 'webpack', 'lib', 'index.js')
  const { default: webpack } = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { default: Webpack }
  await new Promise<void>((resolve, reject) => {
    // Its own minifier would take most of the time.
    webpack(
      { mode: 'production', optimization: { minimize: false }, performance: { hints: false }, ...options },
      (error, stats) => {
        const problems = error?.message ?? stats?.toString({ all: false, errors: true, warnings: true }) ?? ''
        if (problems === '') resolve()
        else reject(new Error(problems))
      },
    )
  })
}
