// `npm run bench:firefox`: compares Firefox, which rounds waits for the device up to 100 ms, with Dawn on the same
// adapter, and measures the training speed of the demo page in Firefox.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFirefox, launchFirefox } from '../test/firefox/browser.js'
import { checkNames, checkNumber, main, readArguments, UsageError } from './arguments.js'
import { findAdapter, ours } from './contenders.js'
import { median } from './measure.js'
import { describeMachine, keepRun, machineLine, writeJson } from './results.js'
import { number, percent, printTable } from './table.js'
import { makeData, workloads as common } from './workloads.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/** W1 to W3, and a network between W1 and W2 that is small but too large for straight-line code. */
const workloads = {
  W1: common.W1,
  loop: { name: '2-16-16-2 tanh, quadratic, batch 32', sizes: [2, 16, 16, 2], hidden: 'tanh', output: 'sigmoid', loss: 'quadratic', optimizer: 'sgd', learningRate: 0.1, batchSize: 32, samples: 500 }, // prettier-ignore
  W2: common.W2,
  W3: common.W3,
}
const usage = `
npm run bench:firefox -- [${Object.keys(workloads).join(' ')} page] [options]

Times training in Firefox and in Dawn (Node) in turn, on the same adapter. The program of Firefox is $FIREFOX,
firefox-esr or firefox. The page must be built before (npm run demo:build).

  --rounds N       rounds (default 3)
  --seconds N      time of one contender in one round (default 2)
  --write          save the results: a file in bench/results and a section in bench/RESULTS.md
  --json FILE      write all results to a file
`

function requireFirefox() {
  const program = findFirefox()
  if (program === undefined) {
    throw new UsageError('Firefox was not found; install it, or set FIREFOX to the path of its program')
  }
  return program
}

const types = { css: 'text/css', html: 'text/html', js: 'text/javascript', svg: 'image/svg+xml' }

/** Serves the repository with the browser build and the page, and an empty document at /, on localhost. */
async function serve() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const body = pathname === '/' ? Promise.resolve('<!doctype html><title>bench</title>') : readFile(join(root, path))
    body.then(
      (content) =>
        response.writeHead(200, { 'content-type': types[path.split('.').at(-1)] ?? 'text/html' }).end(content),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${server.address().port}/`,
    close: () => server.closeAllConnections() ?? server.close(),
  }
}

/** Runs in Firefox: creates a trainer and a function that trains for a number of seconds. */
async function prepareInPage(url, workload, { x, y }) {
  const { Dataset, Matrix, Network, sgd, Trainer } = await import(url)
  const { sizes, hidden, output, loss, batchSize, learningRate, samples } = workload
  const network = Network.create({ sizes, hidden, output, seed: 1 })
  const optimizer = sgd({ learningRate })
  const began = performance.now()
  const trainer = await Trainer.create(network, { backend: 'webgpu', loss, optimizer, batchSize, seed: 1 })
  const data = Dataset.from(
    new Matrix(samples, sizes[0], Float32Array.from(x)),
    new Matrix(samples, sizes.at(-1), Float32Array.from(y)),
  )
  await trainer.fit(data, { epochs: 20 })
  const first = (performance.now() - began) / 1000
  let rate = 20 / first
  const run = async (seconds) => {
    for (let epochs = Math.max(1, Math.round(rate * seconds)); ;) {
      const { seconds: took, steps } = await trainer.fit(data, { epochs })
      rate = epochs / took
      if (took > seconds / 2) return steps / took
      epochs = Math.max(epochs + 1, Math.round(Math.min(rate * seconds, 8 * epochs)))
    }
  }
  globalThis.bench = { run, dispose: () => trainer.dispose() }
  return { first, on: trainer.backend.description }
}

async function inFirefox(page, url, workload) {
  const { x, y } = makeData(workload)
  const data = { x: [...x], y: [...y] }
  const { first, on } = await page.evaluate(prepareInPage, `${url}dist/index.js`, workload, data)
  return { first, on, run: (seconds) => page.evaluate((s) => globalThis.bench.run(s), seconds) }
}

async function measureWorkload(key, browser, url, { rounds, seconds }) {
  const workload = workloads[key]
  const page = await browser.newPage()
  await page.goto(url)
  const dawn = await ours(workload, 'webgpu', 'Dawn')
  const firefox = await inFirefox(page, url, workload)
  await firefox.run(seconds) // Warm-up, in which the library chooses tiles and plans.
  const rates = { firefox: [], dawn: [] }
  for (let round = 0; round < rounds; round++) {
    rates.dawn.push(await dawn.run(seconds))
    rates.firefox.push(await firefox.run(seconds))
  }
  await page.close()
  dawn.dispose()
  return { workload: key, first: firefox.first, on: firefox.on, dawn: median(rates.dawn), firefox: median(rates.firefox), rounds: rates } // prettier-ignore
}

/** Epochs per second of the page with the circle on the GPU: over the first 3 s, and over the next 5 s. */
async function measurePage(browser, url) {
  const page = await browser.newPage()
  const count = () => page.evaluate(() => Number(document.querySelector('[data-value=epoch]')?.dataset.number))
  await page.goto(`${url}dist-demo/index.html#backend=webgpu`)
  await page.waitForFunction(() => Number(document.querySelector('[data-value=epoch]')?.dataset.number) > 0, {
    timeout: 60_000,
  })
  const rateOver = async (seconds) => {
    const [before, began] = [await count(), performance.now()]
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds))
    return (1000 * ((await count()) - before)) / (performance.now() - began)
  }
  const figures = { first: await rateOver(3), then: await rateOver(5) }
  await page.close()
  return figures
}

async function run() {
  const { values, positionals } = readArguments(usage, {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
  })
  const all = [...Object.keys(workloads), 'page']
  const wanted = positionals.length > 0 ? checkNames('workload', positionals, all) : all
  const rounds = checkNumber('rounds', values.rounds, { least: 1, whole: true })
  const seconds = checkNumber('seconds', values.seconds, { least: 0.1 })
  const browser = await launchFirefox(requireFirefox())
  const server = await serve()
  try {
    const machine = { ...describeMachine(), firefox: await browser.version() }
    const { adapter } = await findAdapter()
    console.log(`${machineLine(machine)}, ${machine.firefox}\nDawn on ${adapter}`)
    const results = []
    for (const key of wanted.filter((key) => key !== 'page')) {
      const result = await measureWorkload(key, browser, server.url, { rounds, seconds })
      console.log(`${key}: Dawn ${number(result.dawn)}, Firefox ${number(result.firefox)} steps/s`)
      results.push(result)
    }
    const page = wanted.includes('page') ? await measurePage(browser, server.url) : undefined
    const table = {
      title: `${machine.firefox} and Dawn on the same driver`,
      columns: ['', 'Dawn: steps/s', 'Firefox: steps/s', 'Firefox ÷ Dawn', 'start and 20 epochs'],
      rows: results.map(({ workload, dawn, firefox, first }) => [
        `${workload}: ${workloads[workload].name}`,
        number(dawn),
        number(firefox),
        percent(firefox / dawn),
        `${number(first)} s`,
      ]),
      notes: page
        ? [`The page with the circle on the GPU at 60 epochs per second: ${number(page.first)} in the first 3 s, then ${number(page.then)}.`] // prettier-ignore
        : [],
    }
    printTable(table)
    const figures = { results, page }
    if (values.json) await writeJson(values.json, { ...machine, adapter, ...figures })
    if (values.write) {
      const remarks = [`${machine.firefox}, headless.`]
      console.log(`written: ${(await keepRun({ kind: 'firefox', adapter, machine, remarks, tables: [table], figures })).join(', ')}`) // prettier-ignore
    }
  } finally {
    await browser.close()
    server.close()
  }
}

await main(run)
