import { Command } from 'commander'
import { encodeSweepCheckpoint, InputError, mergeSweepCheckpoints, sweep } from '../../index.ts'
import { withPath } from '../../node/paths.ts'
import { writeFileAtomic } from '../../node/write.ts'
import { addOwn, ownFlags } from '../flags.ts'
import { KeptOutputs } from '../outputs/keep.ts'
import { sweepFlags } from './flags.ts'
import { inputsOf, planFolder } from './folder.ts'
import { checkAxes } from './axes.ts'
import { checkKept, parseSweep } from './options.ts'
import { dataOf, libraryOptions, type SweepPlan } from './plan.ts'
import { shardFolders } from './shard.ts'
import { isFinished, readState, type SavedState } from './state.ts'
import { printSweepJson, summarizeSweep } from './summary.ts'
import { writeSweep } from './train-sweep.ts'

interface MergeOptions {
  out?: string
  force?: boolean
  json?: boolean
}

const examples = `
Examples:
  webgpu-mlp sweep merge sweep --out merged          # all shards in the folder sweep
  webgpu-mlp sweep merge node1/sweep node2/sweep --out merged`

/** The command with its options, without an action. */
export function defineMerge(): Command {
  const command = new Command('merge')
    .description('put the results of all shards of a sweep together')
    .argument('<folders...>', 'the folders of the shards, or those that hold them')
  addOwn(command, sweepFlags.merged)
  return addOwn(command, ownFlags.force, ownFlags.json).addHelpText('after', examples)
}

/** Merges shards into a folder with the files of one sweep. */
export async function mergeSweep(folders: readonly string[], options: MergeOptions): Promise<void> {
  const { out } = options
  if (out === undefined) throw new InputError("required option '--out <folder>' not specified")
  const states = await readStates(folders)
  const [first] = states as [SavedState]
  checkAlike(states)
  const checkpoint = mergeNamed(states)
  const parsed = await withPath(first.path, () => parseSweep(checkKept(first.notes.arguments)))
  const { data: name } = parsed.options
  if (name === undefined) throw new InputError(`${first.path}: has no --data`)
  const plan: SweepPlan = {
    parsed,
    options: { ...parsed.options, data: name },
    checked: checkAxes(parsed.options),
    shard: undefined,
    folder: out,
    saved: { ...first, checkpoint },
  }
  const inputs = [...(await inputsOf(plan.options)), ...states.map(({ path }) => ({ option: 'sweep merge', path }))]
  const outputs = await planFolder(out, { force: options.force ?? false }, inputs)
  const data = await dataOf(plan)
  // Nothing is trained, so no device is needed; the limit was that of the shards.
  const given = { ...libraryOptions(plan, data), backend: 'cpu' as const, threads: undefined, limit: 2 ** 24 }
  const run = sweep(data.train, given)
  const results = await run
  const kept = new KeptOutputs()
  const { notes } = first
  const bytes = encodeSweepCheckpoint(await run.checkpoint({ notes }))
  await kept.write(outputs.state, (path, how) => writeFileAtomic(path, bytes, how))
  const backend = notes.backend ?? results[0]!.history.backend
  const facts = { seconds: checkpoint.seconds, networks: run.networks, words: notes.arguments, backend }
  const { record, files } = await writeSweep(results, plan, data, facts, outputs, kept)
  const end = { record, folder: out, files, interrupted: false }
  if (options.json) printSweepJson(end)
  else summarizeSweep(end)
  kept.finish()
}

/** The states of all folders, and of the shards in them. */
async function readStates(folders: readonly string[]): Promise<SavedState[]> {
  const states: SavedState[] = []
  for (const folder of folders) {
    const own = await readState(folder)
    const shards = own ? [] : await shardFolders(folder)
    if (!own && shards.length === 0) {
      throw new InputError(`sweep merge: ${folder} holds no sweep and no shards of one (shard-1-of-4 and so on)`)
    }
    if (own) states.push(own)
    for (const { path } of shards) {
      const state = await readState(path)
      if (!state) throw new InputError(`sweep merge: ${path} holds no state; its shard has not begun, or was removed`)
      states.push(state)
    }
  }
  return states
}

/** @throws InputError naming two folders that are of different sweeps or versions */
function checkAlike(states: readonly SavedState[]): void {
  const [first] = states as [SavedState]
  for (const { path, notes, checkpoint } of states) {
    if (notes.program !== first.notes.program) {
      throw new InputError(`sweep merge: ${first.path} was written by ${first.notes.program}, ${path} by ${notes.program}; train all shards with one version`) // prettier-ignore
    }
    if (!isFinished(checkpoint)) {
      const { count, own } = checkpoint.shards
      throw new InputError(`sweep merge: ${path} (shard ${own.join(', ')} of ${count}) is not finished; go on with --resume first`) // prettier-ignore
    }
  }
}

/** Merges; errors name the folders. */
function mergeNamed(states: readonly SavedState[]) {
  try {
    return mergeSweepCheckpoints(states.map(({ checkpoint }) => checkpoint))
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause
    const list = states.map(({ path, checkpoint: { shards } }) => `${path} (${shards.own.join(', ')} of ${shards.count})`) // prettier-ignore
    throw new InputError(`sweep merge: ${cause.message}; given are ${list.join(', ')}`, { cause })
  }
}
