// A network that represents a picture: it maps (x, y) to a colour. Trained on 64 × 64 pixels, rendered at 256 × 256.
// Run: npm run build && node examples/picture.js [picture.png]
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { adam, Dataset, fit, Network, Trainer } from 'webgpu-mlp'

/** A sun above the sea; x and y from −1 to 1, y downwards; red, green and blue from 0 to 1. */
function colour(x, y) {
  if (y > 0.3) return [0.1, 0.3 + 0.1 * Math.sin(12 * y + 3 * x), 0.6 + 0.2 * Math.sin(12 * y + 3 * x)]
  if (x ** 2 + (y + 0.1) ** 2 < 0.16) return [1, 0.9, 0.5]
  return [0.9 + 0.1 * y, 0.5 + 0.25 * y, 0.4 - 0.3 * y]
}

const places = (side) =>
  Array.from({ length: side * side }, (_, i) =>
    [i % side, Math.floor(i / side)].map((place) => (2 * (place + 0.5)) / side - 1),
  )

const data = Dataset.from(places(64), places(64).map(([x, y]) => colour(x, y))) // prettier-ignore
const network = Network.create({ sizes: [2, 32, 32, 3], hidden: 'tanh', output: 'sigmoid', seed: 1 })
const { backend, epochs, seconds } = await fit(network, data, {
  loss: 'meanSquaredError',
  optimizer: adam({ learningRate: 0.01 }),
  batchSize: 64,
  epochs: 80,
  seed: 1,
})

const trainer = await Trainer.create(network)
const { data: pixels } = await trainer.predict(places(256))
trainer.dispose()

/** A part of a PNG file: length, name, content, checksum. */
function chunk(name, content) {
  const named = Buffer.concat([Buffer.from(name), content])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
const head = Buffer.from([0, 0, 1, 0, 0, 0, 1, 0, 8, 2, 0, 0, 0]) // 256 × 256, 8 bits, red, green, blue
const rows = Buffer.alloc(256 * (1 + 3 * 256)) // each row begins with 0, the filter type "none"
pixels.forEach((value, i) => (rows[i + Math.floor(i / 768) + 1] = Math.round(255 * value)))
const parts = [chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]
const file = process.argv[2] ?? 'runs/picture.png'
mkdirSync(dirname(file), { recursive: true })
writeFileSync(file, Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]))

const { loss } = epochs.at(-1)
console.log(`mean squared error ${loss.toFixed(5)}, PSNR ${(-10 * Math.log10(loss)).toFixed(1)} dB after 80 epochs`)
console.log(`${seconds.toFixed(1)} s on ${backend.description}, written to ${file}`)
