import { bytes, percent } from '../../bench/table.js'

const MiB = 2 ** 20

/**
 * By how much memory may grow. The process's also varies by what the allocator keeps of compilations. Less is left of
 * JavaScript's after garbage collection, and buffers on the device are counted to the byte.
 */
const MOST_GROWTH = {
  rss: { share: 0.05, bytes: 16 * MiB },
  heapUsed: { share: 0, bytes: 2 * MiB },
  external: { share: 0, bytes: 2 * MiB },
  device: { share: 0, bytes: 0 },
}
/** Measurements that can be compared as two halves. */
const FEWEST_SAMPLES = 5
/** How much the rate may fall. */
const MOST_SLOWER = 0.1

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2
}

/** The samples after the start, as an earlier and a later half. */
function halves(values) {
  const steady = values.slice(Math.max(1, Math.floor(values.length / 6)))
  const middle = Math.floor(steady.length / 2)
  return [steady.slice(0, middle), steady.slice(middle)]
}

/** The first loss costs memory once: what compiles the kernels again has not given back its own. */
const sinceFirstLoss = (samples) => samples.filter(({ losses }) => losses > 0)

function* judgeMemory(samples) {
  const measured = sinceFirstLoss(samples)
  if (measured.length < FEWEST_SAMPLES) yield 'too few measurements of memory after the first loss: train for longer'
  else {
    for (const [kind, { share, bytes: most }] of Object.entries(MOST_GROWTH)) {
      const [earlier, later] = halves(measured.map(({ memory }) => memory[kind])).map(median)
      if (later - earlier > Math.max(share * earlier, most))
        yield `memory (${kind}) grew from ${bytes(earlier)} to ${bytes(later)}`
    }
  }
}

function* judgeRate(samples, clock) {
  if (clock === undefined) return
  const [earlier, later] = halves(samples.map(({ rates }) => rates[clock])).map(median)
  if (later < (1 - MOST_SLOWER) * earlier) yield `the rate fell to ${percent(later / earlier)} of what it was`
}

function* judgeBits(broken, unbroken) {
  if (broken.milestones.size === 0) yield 'no checkpoint was made: train for longer'
  for (const [epoch, fingerprint] of broken.milestones) {
    if (unbroken.milestones.get(epoch) === fingerprint) continue
    yield `the run with losses and the one without differ at epoch ${epoch}`
    return
  }
}

/** What of the promises was broken. */
export function judge(broken, unbroken, clock) {
  const lines = [...judgeMemory(broken.samples), ...judgeRate(broken.samples, clock), ...judgeBits(broken, unbroken)]
  if (broken.losses === 0) lines.push('no device was lost: choose a shorter --every')
  if (broken.recoveries < broken.losses - 1)
    lines.push(`of ${broken.losses} losses, ${broken.recoveries} were recovered from`)
  if (broken.isSlower) lines.push('the training went on on the CPU')
  return lines
}
