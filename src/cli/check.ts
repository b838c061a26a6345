import { checkMachine, type CheckReport } from '../node/check.ts'
import { writeFileAtomic } from '../node/write.ts'
import { describeDiagnosis } from './diagnosis.ts'
import { canRewrite } from './live/terminal.ts'
import { marks } from './outputs/marks.ts'
import { checkOutputs } from './outputs/plan.ts'
import { drawingBoard, standardError, standardOutput } from './streams.ts'
import { count, table } from './text.ts'

/** This file and what it imports need no package but `webgpu`: `check-gpu.ts` runs where nothing is installed. */

/** Where the report goes by default. */
export const usualReport = 'webgpu-mlp-check.json'

export interface CheckOptions {
  /** The file for the report. */
  readonly out?: string | undefined
  /** Whether to print the report as one JSON object; then no file is written unless `out` names one. */
  readonly json?: boolean | undefined
  readonly force?: boolean | undefined
}

type Result = NonNullable<CheckReport['results']>[number]
type Part = Result['part']

const partNames: Readonly<Record<Part, string>> = {
  'self-test': 'self-test of kernels',
  verify: 'verify of four networks',
  stages: 'single stages',
  trainings: 'ten steps of training',
  runs: 'whole runs',
}

/**
 * Checks this machine's adapter, prints what was found, and writes the report.
 * @returns whether everything passed
 */
export async function runCheck({ out, json = false, force = false }: CheckOptions): Promise<boolean> {
  const path = out ?? (json ? undefined : usualReport)
  const output = path === undefined ? undefined : { option: '--out', path, mark: marks.check, force }
  if (output) await checkOutputs([output], [])
  const status = showStatus()
  const report = await checkMachine({
    onStart: status.show,
    onResult: (result) => {
      if (!json && !result.ok) {
        status.clear()
        standardOutput.writeLines([sayFailure(result)])
      }
    },
  }).finally(status.clear)
  const text = `${JSON.stringify(report, undefined, 1)}\n`
  if (json) standardOutput.writeLines([JSON.stringify(report)])
  else standardOutput.writeLines(describeReport(report))
  if (output) {
    await writeFileAtomic(output.path, text, { force })
    standardError.writeLines([`${output.path} written; attach it where you report a problem`])
  }
  return report.ok
}

const sayFailure = ({ part, name, detail }: Result) => `FAILED: ${partNames[part]}: ${name}: ${detail}`

/** About how many lines of progress there are where lines cannot be rewritten. */
const LINES = 12

/** One line on a terminal that says what is being done; elsewhere plain lines on standard error. */
function showStatus(): { show: (what: string, done: number, all: number) => void; clear: () => void } {
  const say = (what: string, done: number, all: number) => `${done + 1} of ${all}: ${what}`
  if (canRewrite(drawingBoard, process.env)) {
    const width = Math.max(20, (drawingBoard.columns || 80) - 1)
    return {
      show: (...progress) => drawingBoard.write(`\r\u001b[K${say(...progress).slice(0, width)}`),
      clear: () => drawingBoard.write('\r\u001b[K'),
    }
  }
  return {
    show: (what, done, all) => {
      if (done % Math.ceil(all / LINES) === 0) standardError.writeLines([say(what, done, all)])
    },
    clear: () => undefined,
  }
}

/** The report for people. */
function describeReport(report: CheckReport): string[] {
  const { diagnosis, adapter, results = [], rates = [], products, problems, machine, ok, seconds = 0 } = report
  if (!adapter)
    return [...describeDiagnosis(diagnosis), '', ...problems.map((problem) => `Nothing was checked: ${problem}`)]
  const driver = machine.nvidia === undefined ? [] : [`  ${machine.nvidia}`]
  const versions = `webgpu-mlp ${machine.version}, Node ${machine.node}, Dawn ${machine.dawn ?? 'unknown'}, ${machine.system}`
  const verdict = ok ? 'Everything passed' : 'NOT everything passed: results of this adapter cannot be trusted'
  return [
    `${adapter.software ? 'Software' : 'Hardware'} adapter: ${adapter.name}`,
    ...driver,
    `  ${versions}`,
    '',
    ...describeResults(results),
    '',
    ...describeSpeed(rates, products),
    ...problems.map((problem) => `FAILED: ${problem}`),
    '',
    `${verdict} (${Math.round(seconds)} seconds).`,
  ]
}

function describeResults(results: readonly Result[]): string[] {
  const parts = [...new Set(results.map(({ part }) => part))]
  const rows = parts.map((part) => {
    const of = results.filter((result) => result.part === part)
    const passed = of.filter(({ ok }) => ok).length
    const worst = of.reduce((most, one) => ((one.share ?? 0) > (most.share ?? 0) ? one : most))
    const share = worst.share === undefined ? '' : `${(100 * worst.share).toFixed(0)} %`
    return [partNames[part], `${passed} of ${of.length}`, share, worst.share === undefined ? '' : worst.name]
  })
  return table([['compared with float64', 'passed', 'largest error', 'of what rounding may cost, in'], ...rows])
}

/** 2.5e12 → '2,500 GFLOP/s'. */
const flops = (value: number) => `${count(Math.round(value / 1e8) / 10)} GFLOP/s`

function describeSpeed(rates: NonNullable<CheckReport['rates']>, products: CheckReport['products']): string[] {
  const speeds = rates.map(({ name, description, stepsPerSecond, operationsPerSecond }) => [
    name,
    description,
    `${count(Math.round(stepsPerSecond))} steps/s`,
    flops(operationsPerSecond),
  ])
  if (!products) return table(speeds)
  const { size, peak, step, kernels } = products
  const share = (value: number) => `${((100 * value) / peak).toFixed(0)} % of the peak`
  return [
    ...table(speeds),
    '',
    ...table([
      ['measured peak', flops(peak), 'float32 multiply-adds in registers'],
      [`step of ${size}-${size}-${size}`, flops(step), share(step)],
      ...kernels.map(({ name, operationsPerSecond }) => [name, flops(operationsPerSecond), share(operationsPerSecond)]),
    ]),
  ]
}
