// Run by package.test.ts and test/deno.js: prints which classes of objects that `webgpu-mlp/node` creates are those of `webgpu-mlp`.
// node shared_classes.js [LIBRARY FILES], which are names or file URLs of the two entries.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const [library = 'webgpu-mlp', files = 'webgpu-mlp/node'] = process.argv.slice(2)
const { Network, Dataset, DataStream, InputError, circle, fit, Trainer } = await import(library)
const { readModel, writeModel, readDataset, streamCsv, writeCheckpoint, readCheckpoint } = await import(files)

const folder = await mkdtemp(join(tmpdir(), 'webgpu-mlp-classes-'))
const path = (name) => join(folder, name)
try {
  const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
  await fit(network, circle({ samples: 40, seed: 1 }), { epochs: 2, seed: 1, backend: 'cpu' })
  await writeModel(path('model.json'), network)
  await writeFile(path('data.csv'), 'x,y,kind\n0,1,a\n1,0,b\n0,0,a\n1,1,b\n')
  const trainer = await Trainer.create(await readModel(path('model.json')), { backend: 'cpu', seed: 1 })
  const write = (checkpoint) => writeCheckpoint(path('run.checkpoint'), checkpoint)
  await trainer.fit(circle({ samples: 40, seed: 1 }), { epochs: 1, checkpoint: { write } })
  await trainer.resume(await readCheckpoint(path('run.checkpoint')))
  const { train } = await readDataset(path('data.csv'))
  const stream = await streamCsv(path('data.csv'), { folder })
  const error = await readModel(path('missing.json')).catch((reason) => reason)
  console.log(
    JSON.stringify({
      Network: (await readModel(path('model.json'))) instanceof Network,
      Dataset: train instanceof Dataset,
      DataStream: stream.train instanceof DataStream,
      InputError: error instanceof InputError,
      epochs: trainer.epoch,
    }),
  )
  stream.close()
  trainer.dispose()
} finally {
  await rm(folder, { recursive: true, force: true })
}
