import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Dataset, fit, Network, standardizeTargets, scaleTargets, parseCsv } from '../src/index.ts'
import { writeModel } from '../src/node/index.ts'

/** examples/server.js: answers, the messages of bad requests, limits, and how it ends. */

const program = fileURLToPath(new URL('../examples/server.js', import.meta.url))
const children: ChildProcess[] = []
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-server-'))
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function start(...args: string[]): Promise<{ child: ChildProcess; url: string; said: () => string }> {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, PORT: '0' } })
  children.push(child)
  let said = ''
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  while (!said.includes('/predict')) await once(child.stdout, 'data')
  return { child, url: said.trim(), said: () => said }
}

const post = async (url: string, body: string) => {
  const response = await fetch(url, { method: 'POST', body })
  return { status: response.status, body: await response.json() }
}

describe('a server for predictions', () => {
  it('answers rows by column name in their own units, and refuses others with the message of the library', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${20 + i},${i % 2 ? 'oak' : 'elm'},${i < 20 ? 'young' : 'old'}`)
    const data = await parseCsv(`age,tree,kind\n${rows.join('\n')}\n`, { target: 'kind' })
    const network = Network.create({ sizes: [data.inputs.cols, 2], output: 'softmax', seed: 1 })
    await fit(network, data, { loss: 'crossEntropy', epochs: 3, backend: 'cpu', seed: 1 })
    await writeModel(join(folder, 'trees.json'), network)
    const { url } = await start(join(folder, 'trees.json'))

    const good = [{ age: 25, tree: 'oak' }, { age: 55, tree: 'elm' }] // prettier-ignore
    expect(await post(url, JSON.stringify(good))).toEqual({
      status: 200,
      body: { predictions: JSON.parse(JSON.stringify(network.classify(good))) as unknown },
    })
    const health = await fetch(new URL('/health', url))
    expect(await health.json()).toEqual({ inputs: ['age', 'tree'] })

    const thrown = (run: () => unknown) => {
      try {
        run()
      } catch (error) {
        return (error as Error).message
      }
      return 'nothing was thrown'
    }
    for (const bad of [
      [{ age: 'many', tree: 'oak' }],
      [{ age: 25 }],
      [[1, 2, 3]],
      'text',
      5,
      null,
      {},
      [],
      [{ size: 1 }],
    ]) {
      const message = thrown(() => network.classify(bad as never))
      expect(await post(url, JSON.stringify(bad)), JSON.stringify(bad)).toEqual({
        status: 400,
        body: { error: message },
      })
    }
    expect(await post(url, '[[1,')).toMatchObject({ status: 400, body: { error: expect.stringMatching(/^body: expected a JSON list/) as unknown } }) // prettier-ignore
    expect(await post(url, `[[${'1,'.repeat(600_000)}1]]`)).toEqual({
      status: 413,
      body: { error: 'body: at most 1048576 bytes are read' },
    })
    expect((await post(new URL('/other', url).href, '[]')).status).toBe(404)
    expect((await fetch(url)).status).toBe(405)
    // It still answers.
    expect((await post(url, JSON.stringify(good))).status).toBe(200)
  })

  it('names the values of a regression', async () => {
    const samples = Dataset.from([[1], [2], [4]], [[100], [200], [400]], { targetNames: ['price'] })
    const data = scaleTargets(samples, standardizeTargets(samples))
    const network = Network.create({ sizes: [1, 1], output: 'linear', seed: 1 })
    await fit(network, data, { loss: 'meanSquaredError', epochs: 2, backend: 'cpu', seed: 1 })
    await writeModel(join(folder, 'prices.json'), network)
    const { url } = await start(join(folder, 'prices.json'))
    const [want] = network.predict([[3]]).data
    expect(await post(url, '[[3]]')).toEqual({ status: 200, body: { predictions: [{ price: want }] } })
  })

  it('trains a model where none is given, and ends on SIGTERM although a connection is open', async () => {
    const { child, url, said } = await start()
    const { body } = await post(url, '[[0, 0], [0.95, 0.95]]')
    expect((body as { predictions: { class: string }[] }).predictions.map((one) => one.class)).toEqual([
      'inside',
      'outside',
    ])
    // A client that never ends its request.
    const socket = connect(Number(new URL(url).port), 'localhost')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write('POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n[[')
    await new Promise((resolve) => setTimeout(resolve, 100))
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
    expect(said()).toContain('stopped')
  })
})
