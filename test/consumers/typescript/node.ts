import { Network } from 'webgpu-mlp'
import { readDataset, readModel, writeModel } from 'webgpu-mlp/node'

await writeModel('model.json', Network.create({ sizes: [2, 3, 2], seed: 1 }))
const { train } = await readDataset('data.csv', { target: 'kind' })
const classes: readonly unknown[] | undefined = train.classes
const network: Network = await readModel('model.json')

export { classes, network }
