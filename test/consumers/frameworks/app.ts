import { spawn } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { installPackage, manifest } from '../../package.ts'
import { softwareAdapterEnv } from '../../software-adapter.ts'
import { copyPrograms, installTools } from '../install.ts'

/** How long a framework may take to install and to build, in milliseconds. */
export const PATIENCE = 1_800_000

/** A folder with one of the apps, the packages that it needs, and the packed library with its dependencies as copies. */
export async function installApp(name: string): Promise<string> {
  const folder = await installTools(name)
  const packed = await installPackage()
  const modules = join(folder, 'node_modules')
  rmSync(join(modules, 'webgpu-mlp'), { recursive: true, force: true })
  cpSync(join(packed, 'node_modules', 'webgpu-mlp'), join(modules, 'webgpu-mlp'), { recursive: true })
  // Some bundlers follow no links out of the folder.
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    if (existsSync(join(modules, dependency))) continue
    const from = join(packed, 'node_modules', dependency)
    cpSync(from, join(modules, dependency), { recursive: true, dereference: true })
  }
  rmSync(packed, { recursive: true, force: true })
  for (const file of readdirSync(folder)) {
    if (file !== 'node_modules') rmSync(join(folder, file), { recursive: true, force: true })
  }
  copyPrograms(name, folder)
  return folder
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts a server in Node, and calls a function with its address once it answers. */
export async function withServer<Result>(
  folder: string,
  args: (port: number) => string[],
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  const port = await freePort()
  // SvelteKit reads HOST, and the standalone server of Next reads HOSTNAME, which many shells set.
  const address = { PORT: String(port), HOST: '127.0.0.1', HOSTNAME: '127.0.0.1' }
  const env = { ...process.env, ...softwareAdapterEnv(), ...address, NODE_ENV: 'production' }
  const server = spawn(process.execPath, args(port), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (output += String(text)))
  const url = `http://localhost:${port}/`
  try {
    for (;;) {
      if (server.exitCode !== null) throw new Error(`the server ended: ${output}`)
      if (await fetch(url).then(() => true, () => false)) break // prettier-ignore
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    return await use(url)
  } finally {
    server.kill()
  }
}

/** What a server answers that trained, on the GPU unless it is asked for another backend; test/consumers/app/server.js. */
export interface ServerResult {
  backend?: string
  loss?: number
  missing?: string
  name?: string
  message?: string
}

export async function trainOn(url: string, backend?: string): Promise<ServerResult> {
  const query = backend === undefined ? '' : `?backend=${backend}`
  return (await (await fetch(`${url}api/train${query}`)).json()) as ServerResult
}
