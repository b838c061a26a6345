import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium } from 'playwright-core'
import { unpackChromium } from './software-adapter.ts'

const webgpuFlags = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']

/**
 * Starts the headless Chromium of the development dependencies, whose WebGPU runs on SwiftShader; with `webgpu: false`
 * it supports WebGPU and finds no GPU, as with drivers that are too old. Linux on x64 only.
 */
export function launchChromium({ webgpu = true } = {}): Promise<Browser> {
  const { executable, env } = unpackChromium()
  return chromium.launch({
    executablePath: executable,
    env: { ...process.env, ...env },
    args: [
      '--no-sandbox',
      '--headless',
      ...(webgpu ? webgpuFlags : []),
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

const types: Record<string, string> = {
  css: 'text/css',
  csv: 'text/csv',
  html: 'text/html',
  js: 'text/javascript',
  json: 'application/json',
  map: 'application/json',
  svg: 'image/svg+xml',
}

/** The response for a path; undefined for 404. */
export type Answers = (path: string) => Promise<string | Uint8Array | undefined>

/** The headers that make a page cross-origin isolated: its threads can share memory. */
export const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

/**
 * Serves over http on localhost, which browsers treat as a secure context: WebGPU is available only there.
 * @param headers of each response
 */
export async function serve(
  answers: Answers,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    void answers(path)
      .catch(() => undefined)
      .then((body) => {
        const type = types[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
        response.writeHead(body === undefined ? 404 : 200, { 'content-type': type, ...headers }).end(body)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://localhost:${port}/`, close }
}
