import type { Layer } from '../../model/layout.ts'
import type { StepScalars } from '../../optimizer/optimizer.ts'
import type { DataSource, EpochOrder, PlacementSettings } from '../backend.ts'
import type { Values } from '../../core/values.ts'
import type { MemoryLimit } from './limits.ts'
import type { Workspace } from './workspace.ts'

/** What a set of stages is opened for. */
export interface StageSetting {
  readonly layers: readonly Layer[]
  readonly settings: PlacementSettings
}

/**
 * An implementation of the stages of a training step on the host: the float64 reference, JavaScript in register tiles,
 * and others that may load a module, start threads or own a memory first. The engine (engine.ts) runs the epochs.
 */
export interface StageSet {
  /** The name of its arithmetic (see `Arithmetic.form`); by default the precision. */
  readonly form?: string
  /** Bytes of a value; 4 by default. */
  readonly valueBytes?: number
  /** The most that its own memory can hold; by default as much as the machine has. */
  readonly memoryLimit?: MemoryLimit
  /** Opens the stages of one placed network, with memory for its parameters, gradients and optimizer state. */
  open(setting: StageSetting): Promise<Stages>
}

/** One minibatch of an epoch; the engine changes it from step to step. */
export interface Minibatch {
  readonly order: Uint32Array
  /** The first place in the order, and the number of samples. */
  start: number
  rows: number
  /** The step's number, counted from 1. */
  step: number
  scalars: StepScalars
  /** Whether labels are counted, and not samples. */
  readonly countsLabels: boolean
}

/** Loss and correct predictions of a minibatch, summed over its samples. */
export interface MinibatchSums {
  readonly loss: number
  readonly right: number
}

/**
 * The stages of one network. Layer l is `layers[l]`; a workspace holds a minibatch's values as rows × outputs matrices,
 * row-major. All arrays are views of memory that the set owns.
 */
export interface Stages {
  /** Laid out as `network.parameters`. */
  readonly parameters: Values
  /** Laid out as the parameters; the mean over the minibatch. */
  readonly gradients: Values
  /** The optimizer's slots, one after another, each laid out as the parameters. */
  readonly state: Values
  /** Bytes that the set holds in addition to the arrays above and its workspaces. */
  readonly bytes: number
  /** The bytes that a workspace without dropout takes to score, where making one costs memory. */
  workspaceBytes?(rows: number): number
  /** The bytes that training on these data takes in addition to what is held, where the set makes copies of them. */
  dataBytes?(data: DataSource): number
  /** @param dropping whether units of the hidden layers are dropped in it */
  makeWorkspace(rows: number, dropping: boolean): Workspace
  /** The workspace will not be used again, so that its memory can be freed. */
  freeWorkspace?(space: Workspace): void
  /** Z = A Wᵀ + b and f(Z) of layer l. */
  forward(l: number, space: Workspace, rows: number): void
  /**
   * δ of the output layer, with loss and correct predictions.
   * @param countsLabels whether labels are counted, and not samples; default false
   */
  outputDelta(space: Workspace, rows: number, countsLabels?: boolean): MinibatchSums
  /** δ of the hidden layer l from the δ of the layer after it. */
  hiddenDelta(l: number, space: Workspace, rows: number): void
  /**
   * ∂C/∂W and ∂C/∂b of layer l, written to `gradients`.
   * @param step where given, a set may take the optimizer's step for this layer at once; {@link update} then does nothing
   */
  gradient(l: number, space: Workspace, rows: number, step?: StepScalars): void
  /** The optimizer's step for all parameters, from `gradients`. */
  update(step: StepScalars): void
  /**
   * A minibatch forward and back to `gradients` in one call, where the set has a faster way for it.
   * @param space the workspace of training, to be used or not
   * @returns undefined where it has none; otherwise sums that are valid until the next call
   */
  minibatch?(data: DataSource, minibatch: Readonly<Minibatch>, space: Workspace): MinibatchSums | undefined
  /**
   * Several minibatches of an epoch in one call, updates, dropout, penalty and clipping included, where the set does all
   * that itself (on its own threads, for example). The engine asks for as many as take a few milliseconds.
   * @param first the first minibatch's number in the epoch, counted from 0
   * @returns the sums of the losses before each step, and of correct predictions, since the epoch began: they do not depend
   * on how many minibatches each call has
   */
  steps?(data: DataSource, epoch: EpochOrder, first: number, count: number): MinibatchSums
  /** The data will not be used again, so that copies of them can be freed. */
  release?(data: DataSource): void
  dispose(): void
}
