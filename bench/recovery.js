// `npm run bench:recovery`: what being able to replace a lost GPU device costs: W1 to W3 on webgpu with onLoss 'recover' (snapshots
// and a journal of calls) and 'throw' (neither), in turn, and a run that is longer than a few snapshots are apart. Checks first
// that both give the same bits.
import { parseArgs } from 'node:util'
import { makeDataset, makeNetwork, makeTrainer, ours } from './contenders.js'
import { measureInTurn } from './measure.js'
import { number, percent, printTable } from './table.js'
import { workloads } from './workloads.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'webgpu' },
  },
})
const choices = ['recover', 'throw']

async function checkBits(workload, backend) {
  const data = makeDataset(workload)
  const results = []
  for (const onLoss of choices) {
    const network = makeNetwork(workload)
    const trainer = await makeTrainer(workload, network, backend, { onLoss, deterministic: true })
    const { epochs } = await trainer.fit(data, { epochs: 3 })
    await trainer.read()
    trainer.dispose()
    results.push(JSON.stringify([epochs.map(({ loss }) => loss), network.toJSON()]))
  }
  if (results[0] !== results[1]) throw new Error(`${workload.name}: onLoss changes the results`)
}

const rows = []
for (const key of positionals.length > 0 ? positionals : ['W1', 'W2', 'W3']) {
  await checkBits(workloads[key], values.backend)
  const contenders = []
  for (const onLoss of choices)
    contenders.push(await ours(workloads[key], values.backend, onLoss, { more: { onLoss } }))
  const [recover, none] = await measureInTurn(contenders, {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
  })
  for (const { dispose } of contenders) dispose()
  const spread = ({ least, most }) => `${number(Math.round(least))} to ${number(Math.round(most))}`
  rows.push([
    key,
    number(Math.round(recover.stepsPerSecond)),
    spread(recover),
    number(Math.round(none.stepsPerSecond)),
    spread(none),
    percent(1 - recover.stepsPerSecond / none.stepsPerSecond),
  ])
}
printTable({
  title: `Cost of replacing a lost device, steps/s on ${values.backend}, median of ${values.rounds} rounds of ${values.seconds} s`,
  columns: ['', "onLoss: 'recover'", 'least to most', "onLoss: 'throw'", 'least to most', 'cost'],
  rows,
})
