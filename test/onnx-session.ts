import { InferenceSession, Tensor, env } from 'onnxruntime-web'
import { type Ensemble, type Network, toOnnx } from '../src/index.ts'
import type { CellValue } from '../src/model/rows.ts'

env.wasm.numThreads = 1
env.logLevel = 'error'

/** The outputs of ONNX Runtime for rows of cells, given as each input of the model wants them. */
export const runOnnx = async (network: Network, rows: readonly (readonly CellValue[])[]): Promise<Float32Array> =>
  (await runAllOutputs(network, rows)).outputs!

/** All outputs by their names. */
export async function runAllOutputs(
  network: Network | Ensemble,
  rows: readonly (readonly CellValue[])[],
): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(await toOnnx(network))
  try {
    const isTable = session.inputNames.length === 1 && session.inputNames[0] === 'inputs'
    const feeds = Object.fromEntries(
      session.inputMetadata.map((input, j) => {
        if (!input.isTensor) throw new Error(`${input.name} is not a tensor`)
        const cells = isTable ? rows.flat() : rows.map((row) => row[j])
        return [input.name, tensorOf(input.type, cells, [rows.length, cells.length / rows.length])]
      }),
    )
    const columns = 'sizes' in network ? network.sizes.at(-1)! : network.outputs
    return Object.fromEntries(
      Object.entries(await session.run(feeds)).map(([name, { dims, data }]) => {
        if (dims.join() !== [rows.length, columns].join()) throw new Error(`${name}: ${dims.join()}`)
        return [name, data as Float32Array]
      }),
    )
  } finally {
    await session.release()
  }
}

const isMissing = (cell: CellValue) => cell === null || cell === undefined || cell === '' || Number.isNaN(cell)

function tensorOf(type: string, cells: readonly CellValue[], dims: number[]): Tensor {
  if (type === 'string') return new Tensor('string', cells.map((cell) => isMissing(cell) ? '' : String(cell)), dims) // prettier-ignore
  const numbers = cells.map((cell) => (isMissing(cell) ? NaN : Number(cell)))
  if (type === 'float64') return new Tensor('float64', Float64Array.from(numbers), dims)
  if (type === 'float32') return new Tensor('float32', Float32Array.from(numbers), dims)
  throw new Error(`the model takes ${type}`)
}
