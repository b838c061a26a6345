import type { Checkpoint } from '../../src/index.ts'
import type { BackendInfo } from '../protocol.ts'
import type { Kind, Settings } from '../settings.ts'

/** Messages from the page to the wall of networks, which trains in the worker. */
export type WallRequest =
  /** Places the networks of the two axes anew, on the data that the settings describe. */
  | { type: 'start'; run: number; settings: Settings; play: boolean }
  | { type: 'play' }
  | { type: 'pause' }
  /** Epochs per second; 0 for no limit. */
  | { type: 'speed'; speed: number }
  /** The page has drawn a frame: it takes another one. */
  | { type: 'drawn' }
  /** Asks for the state of one network. */
  | { type: 'open'; tile: number }
  /** Asks why a network diverged. */
  | { type: 'explain'; tile: number }

/** Messages from the wall to the page; `run` is the number of the start that they belong to. */
export type WallMessage = { run: number } & (
  | { type: 'started'; kind: Kind; hasTest: boolean; backend: BackendInfo }
  | WallFrame
  /** By tile; NaN for networks that diverged. */
  | { type: 'scores'; epoch: number; scores: Float64Array; losses: Float64Array }
  | { type: 'state'; playing: boolean }
  /** The GPU was lost. The networks are as they were at this epoch: on another device, else on the CPU, which is slower. */
  | { type: 'recovered'; epoch: number; isSlower: boolean; backend: BackendInfo }
  | ({ type: 'explained'; tile: number } & DivergenceCause)
  | { type: 'opened'; settings: Settings; checkpoint: Checkpoint }
  /** `isLost`: the GPU device was lost, and another start may succeed. */
  | { type: 'failed'; message: string; isLost: boolean }
)

/** Why the network of a tile diverged, as sentences; without a cause where none was found. */
export interface DivergenceCause {
  /** The epoch in which it did. */
  epoch: number
  why?: string
  help?: string
}

/** New pictures of some tiles. */
export interface WallFrame {
  type: 'frame'
  epoch: number
  epochsPerSecond: number
  /** Points along each side of a picture. */
  side: number
  /** The tiles of which there are pictures. */
  tiles: Uint16Array
  /**
   * One picture after another, row by row from the top left: a share of the scale between two classes in 255ths; with
   * `classes`, 32 × class + how certain it is, 0 to 31.
   */
  values: Uint8Array
  classes: boolean
}

export interface ToWall {
  wall: WallRequest
}
export interface FromWall {
  wall: WallMessage
}
