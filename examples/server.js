// A server for predictions, with Node's own http. It reads a model and answers rows as JSON; without a model it trains one.
// Run: npm run build && node examples/server.js [model.json] (PORT=8080)
//   curl localhost:8080/predict -d '[[0.1, 0.2], [0.9, 0.9]]'
// Rows are lists of values, or objects by column name; words, missing values and units are those of the training data.
import { createServer } from 'node:http'
import { adam, circle, fit, InputError, Network } from 'webgpu-mlp'
import { readModel } from 'webgpu-mlp/node'

const maxBytes = 1 << 20
const [path] = process.argv.slice(2)
const network = path ? await readModel(path) : await trainCircle()

async function trainCircle() {
  const made = Network.create({ sizes: [2, 8, 2], output: 'softmax', seed: 1 })
  const optimizer = adam({ learningRate: 0.03 })
  await fit(made, circle({ samples: 400, seed: 1 }), { loss: 'crossEntropy', optimizer, epochs: 60, seed: 1 })
  return made
}

/** One answer a row: a class with its probability, or the outputs by name. The CPU computes them at once, without a GPU. */
function answer(rows) {
  if (network.task === 'classification') return network.classify(rows)
  const outputs = network.predict(rows).toArray()
  const { targetNames } = network
  return targetNames ? outputs.map((row) => Object.fromEntries(targetNames.map((name, i) => [name, row[i]]))) : outputs
}

/** What the server says about a request that it does not answer. */
class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

async function read(request) {
  const parts = []
  let bytes = 0
  // What is too long is read to its end, within the time for a request, and not kept: so the client gets the answer.
  for await (const part of request) {
    bytes += part.length
    if (bytes <= maxBytes) parts.push(part)
  }
  if (bytes > maxBytes) throw new Refusal(413, `body: at most ${maxBytes} bytes are read`)
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch (error) {
    throw new Refusal(400, `body: expected a JSON list of rows (${error.message})`)
  }
}

async function respond(request) {
  const { method, url } = request
  if (url === '/health' && method === 'GET') return { inputs: network.features ?? network.sizes[0] }
  if (url !== '/predict') throw new Refusal(404, `${url}: expected POST /predict or GET /health`)
  if (method !== 'POST') throw new Refusal(405, `${method}: expected POST`)
  try {
    return { predictions: answer(await read(request)) }
  } catch (error) {
    // The message names the row, the column and what is expected.
    throw error instanceof InputError ? new Refusal(400, error.message) : error
  }
}

const server = createServer((request, response) => {
  const send = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
  }
  respond(request).then(
    (body) => send(200, body),
    (error) => {
      if (!(error instanceof Refusal)) console.error(error)
      send(error.status ?? 500, { error: error instanceof Refusal ? error.message : 'internal error' })
    },
  )
})
server.requestTimeout = 10_000
server.listen(Number(process.env.PORT ?? 8080), () => console.log(`http://localhost:${server.address().port}/predict`))

// Requests that are being answered end; after two seconds, those that are left are cut off.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => console.log('stopped'))
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 2000).unref()
  })
}
