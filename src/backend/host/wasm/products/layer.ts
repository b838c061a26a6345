import type { V128 } from '../assembler/expression.ts'
import { type I32 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import type { Body, Local } from '../assembler/function.ts'
import type { ModuleWriter } from '../assembler/module.ts'
import type { Kit } from '../kit.ts'

/** Where a network's code is written to, and for whom. */
export interface Target {
  readonly module: ModuleWriter
  readonly kit: Kit
  /** The samples of the largest minibatch; decides which forms are written. */
  readonly batchSize: number
}

/** A layer as its products see it. Addresses are in bytes. */
export interface WasmLayer {
  readonly inputs: number
  readonly outputs: number
  /** outputs × inputs, row-major */
  readonly weights: number
  readonly biases: number
  /** Where the gradients of weights and biases are stored. */
  readonly weightGradients: number
  readonly biasGradients: number
  /** f of four values; undefined where f is the identity, or needs the whole row (softmax). */
  readonly value: ((body: Body, z: Local<'v128'>) => V128) | undefined
  /** f′ of four values; undefined where it is 1. */
  readonly derivative: ((body: Body, z: Local<'v128'>, a: Local<'v128'>) => V128) | undefined
}

/** The part of `total` units of work that a thread does, from `first` up to `end`. */
export interface Part {
  readonly first: Local<'i32'>
  readonly end: Local<'i32'>
}

export function partOf(body: Body, total: I32, thread: I32, threads: I32): Part {
  return {
    first: body.keep(i32.divU(i32.mul(total, thread), threads)),
    end: body.keep(i32.divU(i32.mul(total, i32.add(thread, int(1))), threads)),
  }
}

/**
 * Writes loops over rows in tiles: `tile(height)` writes the code for the tile at `row`, whose height is `size`, or less at
 * the end.
 */
export function eachTile(
  body: Body,
  row: Local<'i32'>,
  end: Local<'i32'>,
  size: number,
  tile: (height: number) => void,
): void {
  body.while(
    () => i32.leS(i32.add(row, int(size)), end),
    () => {
      tile(size)
      body.increase(row, size)
    },
  )
  const rest = body.keep(i32.sub(end, row))
  for (let height = 1; height < size; height++) body.if(i32.eq(rest, int(height)), () => tile(height))
}

/** base + index · bytes, kept in a local. */
export const at = (body: Body, base: I32, index: I32, bytes: number): Local<'i32'> =>
  body.keep(i32.add(base, i32.mul(index, int(bytes))))
