import type { Backend, Placement } from '../../backend/backend.ts'

/** What happens when a GPU device is lost during training. */
export const lossChoices = ['recover', 'throw'] as const
/** What happens if the device is lost: training goes on, or ends with an error. */
export type LossChoice = (typeof lossChoices)[number]

/** What replaced a GPU device that was lost. */
export interface Recovery {
  /** What was lost and why, as the driver reports it. */
  readonly reason: string
  /** Complete epochs when it was replaced. */
  readonly epoch: number
  /** What the network is trained on from then on. */
  readonly backend: {
    /** `webgpu`, `wasm` or `cpu`. */
    readonly name: string
    /** The device and its kind, for people. */
    readonly description: string
  }
  /** Whether that is the CPU, because there is no other device, or devices were lost over the same work again and again. */
  readonly isSlower: boolean
}

/** A recovery, before it is known at which epoch training was. */
export type Loss = Omit<Recovery, 'epoch'>

/** A network that is placed anew when its device is lost. */
export interface Recoverable extends Placement {
  /** What the network is placed on now. */
  readonly backend: Backend
  /** Calls `listener` after each loss, when the network is placed again. */
  listen(listener: (loss: Loss) => void): void
}
