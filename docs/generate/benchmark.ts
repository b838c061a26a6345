import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, writePage } from './paths.ts'

/** One contender of a comparison in bench/results. */
interface Result {
  readonly workload: string
  readonly label: string
  readonly stepsPerSecond?: number
  readonly backend?: string
  /** The backend of this library that is compared with it. */
  readonly against?: string
  /** Steps per second of that backend, divided by its own. */
  readonly ratio?: number
  readonly version?: string
}

interface Comparison {
  readonly date: string
  readonly adapter?: string
  readonly processor: string
  readonly processors: number
  readonly results: readonly Result[]
}

/** A report of `doctor --check` in bench/hardware. */
interface Hardware {
  readonly date: string
  readonly adapter: { readonly name: string; readonly software: boolean; readonly info: { readonly device?: string } }
  readonly machine: { readonly node: string; readonly dawn?: string }
  readonly rates: readonly { readonly name: string; readonly stepsPerSecond: number }[]
}

interface Sweep extends Omit<Comparison, 'results'> {
  readonly networks: number
  readonly results: readonly { readonly name: string; readonly label: string; readonly stepsPerSecond: number }[]
}

const read = <T>(folder: string, ending: string): T[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .reverse()
    .map((name) => JSON.parse(readFileSync(join(root, folder, name), 'utf8')) as T)

/** Three significant digits, with separators of thousands. */
function figure(value: number): string {
  const scale = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2)
  return value < 100
    ? String(Number(value.toPrecision(3)))
    : (Math.round(value / scale) * scale).toLocaleString('en-US')
}

const workloads: Readonly<Record<string, string>> = {
  W1: '2-3-2, 10 samples a step',
  W2: '784-30-10, 10 samples a step',
  W3: '784-128-10, 64 samples a step',
  W4: '1024-1024-1024-1024, 256 samples a step',
}

const backends: Readonly<Record<string, string>> = { wasm: 'WebAssembly', webgpu: 'WebGPU', cpu: 'JavaScript' }

const table = (columns: readonly string[], rows: readonly (readonly string[])[]) =>
  [columns, columns.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

const adapterOf = ({ adapter, processor, processors }: Pick<Comparison, 'adapter' | 'processor' | 'processors'>) =>
  `${adapter === undefined ? '' : `${adapter.replace(/:.*\((?=software)/, ' (').replace(/ driver [\d.]+/, '')} on `}${processor}, ${processors} processors`

function hardwareTable(): string {
  const reports = read<Hardware>('bench/hardware', '.json').filter(({ adapter }) => !adapter.software)
  const nameOf = ({ adapter }: Hardware) => (adapter.info.device ?? adapter.name).replaceAll('-', ' ')
  const rows = Object.entries(workloads).map(([name, what]) => [
    `**${name}** ${what}`,
    ...reports.map(({ rates }) => figure(rates.find((rate) => rate.name === name)!.stepsPerSecond)),
  ])
  return table(['Steps per second', ...reports.map((report) => `${nameOf(report)}, ${report.date.slice(0, 10)}`)], rows)
}

/** The results of one backend of this library in one run, and of those that are compared with it. */
interface Compared {
  readonly run: Comparison
  readonly backend: string
  readonly own: readonly Result[]
  readonly peers: readonly Result[]
}

/** The newest comparison of each backend on each adapter. */
export function comparisons(): Compared[] {
  const seen = new Set<string>()
  return read<Comparison>('bench/results', '-peers.json').flatMap((run) =>
    Object.keys(backends).flatMap((backend) => {
      const own = run.results.filter((result) => result.backend === backend)
      const peers = run.results.filter(({ against }) => against === backend)
      const key = `${backend} ${backend === 'webgpu' ? run.adapter : ''}`
      if (own.length === 0 || peers.length === 0 || seen.has(key)) return []
      seen.add(key)
      return [{ run, backend, own, peers }]
    }),
  )
}

function comparisonTable({ run, backend, own, peers }: Compared): string {
  const { adapter: _, ...machine } = run
  const labels = [...new Set(peers.map(({ label }) => label))]
  const versionOf = (label: string) => peers.find((peer) => peer.label === label)?.version?.split(',')[0] ?? ''
  const rows = own.map(({ workload, stepsPerSecond }) => [
    `**${workload}** ${workloads[workload]}`,
    figure(stepsPerSecond!),
    ...labels.map((label) => {
      const peer = peers.find((one) => one.label === label && one.workload === workload)
      return peer?.stepsPerSecond === undefined ? '–' : `${figure(peer.stepsPerSecond)} (${figure(peer.ratio!)} ×)`
    }),
  ])
  const columns = ['Steps per second', 'webgpu-mlp', ...labels.map((label) => `${label} ${versionOf(label)}`)]
  return `### ${backends[backend]}: ${adapterOf(backend === 'webgpu' ? run : machine)}

Measured on ${run.date}.

${table(columns, rows)}`
}

function sweepTable(): string {
  const [run] = read<Sweep>('bench/results', '-sweep.json')
  if (!run) throw new Error('bench/results has no sweep')
  const rows = run.results.map(({ label, stepsPerSecond }) => [label, figure(stepsPerSecond)])
  return `${run.date}, ${adapterOf(run)}: ${run.networks.toLocaleString('en-US')} networks 2-3-2, 10 samples a step, all together.

${table(['All networks together', 'Steps per second'], rows)}`
}

/** Writes the page that summarizes what bench/results and bench/hardware hold. */
export function writeBenchmark(): void {
  writePage(
    'background/speed.md',
    `---
editLink: false
---

# Speed

How many steps of stochastic gradient descent (one minibatch each) a second this library makes, and others on the same machine. Every
measurement first checks that all contenders compute the same losses. The figures come from the files of kept runs in
\`bench/results\` and \`bench/hardware\`; [Measurements](./measurements.md) has all runs and the method.

## On GPUs

${hardwareTable()}

Your own: \`npx webgpu-mlp doctor --check\` compares the GPU with float64, measures it, and writes a report.

## Compared with other libraries

The same network on the same data. In parentheses: this library's rate divided by the other's; above 1, this library is faster. No
GPU was in these machines: there, WebGPU runs on software adapters, and the rates say how much work each library makes, not how
fast a GPU is. For a server, WebAssembly is what a machine without a GPU uses.

${comparisons().map(comparisonTable).join('\n\n')}

In a clone, \`npm run bench:peers\` repeats this on your machine, and \`npm run bench\` measures all backends.

## Many networks at once

${sweepTable()}

\`npm run bench:sweep\` repeats this. [Sweeps](../guide/sweeps.md) says how to use it.

## The same results as scikit-learn

\`npm run bench:scikit\` trains with the same parameters and order of samples as scikit-learn: the losses agree to 1e-12 in float64, and accuracy
and R² of ordinary trainings to a point. [Measurements](./measurements.md) has the table.
`,
  )
}
