import { describe, InputError } from '../../../core/errors.ts'
import { type Json, object, whole } from '../../checkpoint-fields.ts'
import { COLUMNS } from '../epochs.ts'
import type { SweepCheckpoint } from './checkpoint.ts'

/** More networks than that are no sweep. */
const MOST = 2 ** 32 - 1

/** Checks what resuming and merging rely on. @throws InputError naming the field that does not fit */
export function checkSweepCheckpoint(value: unknown): asserts value is SweepCheckpoint {
  const json = object(value, 'checkpoint')
  object(json.plan, 'plan')
  whole(json, 'combinations', '', MOST)
  const shards = object(json.shards, 'shards')
  const count = whole(shards, 'count', 'shards.')
  for (const shard of list(shards, 'own', 'shards.')) {
    if (isWhole(shard, 1, count)) continue
    throw new InputError(`checkpoint: "shards.own" has ${describe(shard)}, expected numbers from 1 to ${count}`)
  }
  whole(json, 'stage', '', 1000)
  amount(json, 'epochs')
  amount(json, 'seconds')
  for (const stage of list(json, 'finished')) {
    if (!Array.isArray(stage)) throw new InputError(`checkpoint: "finished" has ${describe(stage)}, expected lists`)
    for (const result of stage as unknown[]) checkResult(result, 'finished', json)
  }
  for (const result of list(json, 'kept')) checkResult(result, 'kept', json)
  for (const result of list(json, 'current')) checkResult(result, 'current', json)
  for (const state of list(json, 'states')) checkState(state, json)
}

function list(json: Json, field: string, within = ''): readonly unknown[] {
  const value = json[field]
  if (Array.isArray(value)) return value
  throw new InputError(`checkpoint: "${within}${field}" is ${describe(value)}, expected a list`)
}

function amount(json: Json, field: string): void {
  const value = json[field]
  if (typeof value === 'number' && value >= 0) return
  throw new InputError(`checkpoint: "${field}" is ${describe(value)}, expected a number from 0 on`)
}

const isWhole = (value: unknown, least: number, most: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most

function checkName(json: Json, within: string, { combinations }: Json): void {
  const index = whole(json, 'index', within)
  whole(json, 'part', within, 100_000)
  if (index < (combinations as number)) return
  throw new InputError(`checkpoint: "${within}index" is ${index}, but the sweep has ${String(combinations)} networks`)
}

function checkResult(value: unknown, field: string, sweep: Json): void {
  const json = object(value, field)
  const within = `${field}.`
  checkName(json, within, sweep)
  whole(json, 'epochs', within)
  for (const name of ['score', 'loss']) {
    if (typeof json[name] !== 'number') {
      throw new InputError(`checkpoint: "${within}${name}" is ${describe(json[name])}, expected a number`)
    }
  }
  numbers(json.parameters, `${within}parameters`, [Float32Array])
  checkEpochs(json.history, `${within}history`)
}

function checkState(value: unknown, sweep: Json): void {
  const json = object(value, 'states')
  checkName(json, 'states.', sweep)
  whole(json, 'epoch', 'states.')
  whole(json, 'step', 'states.', Number.MAX_SAFE_INTEGER)
  checkEpochs(json.epochs, 'states.epochs')
  const snapshot = object(json.snapshot, 'states.snapshot')
  for (const part of ['parameters', 'state']) {
    numbers(snapshot[part], `states.snapshot.${part}`, [Float32Array, Float64Array])
  }
  object(json.plateau, 'states.plateau')
}

function checkEpochs(value: unknown, field: string): void {
  const json = object(value, field)
  whole(json, 'first', `${field}.`)
  const { length } = numbers(json.values, `${field}.values`, [Float64Array])
  if (length % COLUMNS === 0 && typeof json.hasValidation === 'boolean') return
  throw new InputError(`checkpoint: "${field}" has ${length} values, expected ${COLUMNS} for each epoch`)
}

type NumbersType = typeof Float32Array | typeof Float64Array

function numbers(value: unknown, field: string, types: readonly NumbersType[]): ArrayLike<number> {
  if (types.some((type) => value instanceof type)) return value as ArrayLike<number>
  const expected = types.map(({ name }) => name).join(' or ')
  throw new InputError(`checkpoint: "${field}" is ${describe(value)}, expected a ${expected}`)
}
