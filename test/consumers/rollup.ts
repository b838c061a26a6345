import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { installTools } from './install.ts'

type Rollup = (options: object) => Promise<{ write(options: object): Promise<unknown>; close(): Promise<void> }>
type Plugin = (options: object) => object

/**
 * Runs Rollup, and expects no warnings.
 * @param resolve the options of @rollup/plugin-node-resolve
 */
export async function runRollup(options: object, output: object, resolve: object): Promise<void> {
  const modules = join(await installTools('tools'), 'node_modules')
  const load = async <Module>(path: string) =>
    (await import(/* @vite-ignore */ pathToFileURL(join(modules, path)).href)) as Module
  const { rollup } = await load<{ rollup: Rollup }>('rollup/dist/es/rollup.js')
  const { default: nodeResolve } = await load<{ default: Plugin }>('@rollup/plugin-node-resolve/dist/es/index.js')
  const warnings: string[] = []
  const onwarn = ({ message }: { message: string }) => warnings.push(message)
  const bundle = await rollup({ plugins: [nodeResolve(resolve)], onwarn, ...options })
  await bundle.write(output)
  await bundle.close()
  expect(warnings).toEqual([])
}
