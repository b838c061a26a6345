// `npm run bench:predict`: how long network.predict takes for one row of 784-30-10, with and without a scaling. Checks first that
// a trainer on the CPU gives the same outputs.
import { Dataset, Network, standardize, Trainer } from '../dist/node/index.js'
import { printTable } from './table.js'

const rows = Array.from({ length: 64 }, (_, i) => Array.from({ length: 784 }, (_, j) => Math.sin(i * 784 + j)))
const network = Network.create({ sizes: [784, 30, 10], output: 'softmax', seed: 5 })

async function check() {
  const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'crossEntropy' })
  const [own, other] = [network.predict(rows).data, (await trainer.predict(rows)).data]
  trainer.dispose()
  const worst = own.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0)
  if (!(worst < 1e-5)) throw new Error(`network.predict differs from the trainer by ${worst}`)
}

/** Microseconds of one call, of which the fastest and the middle of 400 measurements are given. */
function measure() {
  const call = (count) => {
    for (let i = 0; i < count; i++) network.predict([rows[i % rows.length]])
  }
  call(4000)
  const times = Array.from({ length: 400 }, () => {
    const began = performance.now()
    call(50)
    return (1000 * (performance.now() - began)) / 50
  }).sort((a, b) => a - b)
  return [times[0], times[200]].map((time) => time.toFixed(1))
}

await check()
const lines = [['unscaled', ...measure()]]
network.scaling = standardize(Dataset.from(rows, rows.map((_, i) => i))) // prettier-ignore
await check()
lines.push(['scaled', ...measure()])
printTable({
  title: 'network.predict of one row, 784-30-10',
  columns: ['', 'fastest, µs', 'middle, µs'],
  rows: lines,
})
