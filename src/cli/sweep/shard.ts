import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, type SweepShard } from '../../index.ts'
import { quote } from '../flags.ts'
import type { SweepCommandOptions } from './options.ts'

/** The part of a sweep that this process trains, and what says so. */
export interface ChosenShard extends SweepShard {
  /** `--shard`, or the variable of the environment. */
  readonly source: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The part that `--shard` names, or the variables of a Slurm array or a Kubernetes Indexed Job; undefined for the whole sweep.
 * @throws InputError for what is not a part, and for variables that do not say how many parts there are
 */
export function chooseShard(
  { shard, shards }: Pick<SweepCommandOptions, 'shard' | 'shards'>,
  environment: Environment,
): ChosenShard | undefined {
  if (shard !== undefined) {
    if (shards !== undefined)
      throw new InputError(`--shards: ${quote(`--shard ${shard}`)} says it already; leave --shards out`)
    return { ...parseShard(shard), source: '--shard' }
  }
  const chosen = fromSlurm(environment) ?? fromKubernetes(environment, shards)
  if (!chosen && shards !== undefined) {
    throw new InputError('--shards: is for Kubernetes Indexed Jobs, where JOB_COMPLETION_INDEX is the part; give --shard i/n') // prettier-ignore
  }
  return chosen
}

function parseShard(text: string): SweepShard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text.trim()) ?? []
  const shard = { index: Number(index), count: Number(count) }
  if (shard.index >= 1 && shard.index <= shard.count) return shard
  throw new InputError(
    `--shard: expected i/n, the part from 1 on and how many there are, such as 2/4; got ${quote(text)}`,
  )
}

const whole = (text: string | undefined) => (text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined)

function fromSlurm(environment: Environment): ChosenShard | undefined {
  const id = whole(environment.SLURM_ARRAY_TASK_ID)
  const count = whole(environment.SLURM_ARRAY_TASK_COUNT)
  if (id === undefined || count === undefined) return undefined
  const first = whole(environment.SLURM_ARRAY_TASK_MIN) ?? 0
  const step = whole(environment.SLURM_ARRAY_TASK_STEP) ?? 1
  const index = (id - first) / step + 1
  if (!Number.isInteger(index) || index < 1 || index > count) {
    throw new InputError(
      `--shard: SLURM_ARRAY_TASK_ID is ${id}, in an array of ${count} tasks from ${first} on that is not without gaps; use ` +
        `--array=0-${count - 1}, or give --shard i/n`,
    )
  }
  return { index, count, source: 'SLURM_ARRAY_TASK_ID' }
}

/** Kubernetes gives a task its number, from 0 on, but not how many there are. */
function fromKubernetes(environment: Environment, shards: number | undefined): ChosenShard | undefined {
  const number = whole(environment.JOB_COMPLETION_INDEX)
  if (number === undefined) return undefined
  const count = shards ?? whole(environment.WEBGPU_MLP_SHARDS)
  if (count === undefined) {
    throw new InputError(
      `--shards: JOB_COMPLETION_INDEX is ${number}, so this is a part of a Kubernetes Indexed Job; give how many parts there are, ` +
        "the job's completions: --shards 8, or the variable WEBGPU_MLP_SHARDS (--shard 1/1 trains the whole sweep)",
    )
  }
  if (number >= count) {
    throw new InputError(
      `--shards: there are ${count} parts, but JOB_COMPLETION_INDEX, which begins with 0, is ${number}`,
    )
  }
  return { index: number + 1, count, source: 'JOB_COMPLETION_INDEX' }
}

const shardName = /^shard-(\d+)-of-(\d+)$/

/** The folders of shards within a folder, in their order. */
export async function shardFolders(folder: string): Promise<{ path: string; index: number; count: number }[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .flatMap((name) => {
      const [, index, count] = shardName.exec(name) ?? []
      return index === undefined ? [] : [{ path: join(folder, name), index: Number(index), count: Number(count) }]
    })
    .toSorted((a, b) => a.count - b.count || a.index - b.index)
}

/**
 * The folder of a shard's results: shards have one each within the folder of the sweep, so that all may share that.
 * @throws InputError where the folder has shards of another division, as after an array of other size
 */
export async function folderOfShard(out: string, shard: SweepShard | undefined): Promise<string> {
  const others = await shardFolders(out)
  const other = others.find(({ count }) => count !== (shard?.count ?? 1))
  if (other) {
    const part = shard && shard.count > 1 ? `shard ${shard.index} of ${shard.count}` : 'the whole sweep'
    throw new InputError(
      `--out: ${out} holds shards of a sweep in ${other.count} parts, and this is ${part}; to train a part again, give ` +
        `--shard i/${other.count}, or give another folder`,
    )
  }
  return shard && shard.count > 1 ? join(out, `shard-${shard.index}-of-${shard.count}`) : out
}
