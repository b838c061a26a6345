import type { Matrix } from '../../core/matrix.ts'
import type { PredictRows } from '../../model/rows.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { SnapshotPace } from '../recovery/snapshot-pace.ts'
import type { Context } from './context.ts'
import type { HostBackends } from './host-backends.ts'
import type { LiveGroup, LiveScore } from './live-group.ts'
import { LiveHost } from './live-host.ts'
import { LivePopulation, type PopulationStates } from './live-population.ts'
import type { Member } from './members.ts'

/**
 * Networks that a device trains side by side, and that are placed again after a loss of it, where they were: on another
 * device to the same bits, else in host memory.
 */
export class LiveRecoverable implements LiveGroup {
  readonly members: readonly Member[]
  readonly #context: Context
  readonly #backends: HostBackends
  #group: LivePopulation | LiveHost
  /** When it was placed ({@link SharedReplacement}). */
  #generation: number
  /** Where the networks last were; undefined at their beginning. */
  #states: PopulationStates | undefined
  /** Epochs that all of them were trained for since then. */
  #since = 0
  #hasKept = true
  readonly #pace = new SnapshotPace()

  private constructor(group: LivePopulation, context: Context, backends: HostBackends, generation: number) {
    this.members = group.members
    this.#group = group
    this.#context = context
    this.#backends = backends
    this.#generation = generation
  }

  static async place(members: readonly Member[], context: Context, backends: HostBackends): Promise<LiveRecoverable> {
    const { generation } = context.replacement
    const group = await LivePopulation.place(members, context, backends)
    return new LiveRecoverable(group, context, backends, generation)
  }

  get reason(): string | undefined {
    return this.#group.reason
  }

  async train(epochs: number): Promise<void> {
    await this.#repeatable((group) => group.train(epochs))
    this.#since += epochs
    await this.#keepStates()
  }

  /** Keeps the states from time to time; at once after a loss, so that each device has got further than the one before. */
  async #keepStates(): Promise<void> {
    if (this.#hasKept && !this.#pace.isTimeOver) return
    const began = performance.now()
    const states = await this.#repeatable((group) => (group instanceof LivePopulation ? group.states() : undefined))
    if (!states) return
    this.#states = states
    this.#since = 0
    this.#hasKept = true
    this.#context.replacement.noteProgress(this.#generation)
    this.#pace.note()
    this.#pace.learn(performance.now() - began)
  }

  /** Makes a call, again after each loss. */
  async #repeatable<T>(call: (group: LivePopulation | LiveHost) => T | Promise<T>): Promise<T> {
    const { replacement } = this.#context
    for (;;) {
      try {
        // Another group may have found the loss.
        if (this.#generation !== replacement.generation && this.#group instanceof LivePopulation)
          await this.#placeAgain()
        return await call(this.#group)
      } catch (error) {
        if (!(await replacement.replaces(error, this.#generation))) throw error
      }
    }
  }

  async #placeAgain(): Promise<void> {
    const { replacement } = this.#context
    const [members, context, backends, states] = [this.members, this.#context, this.#backends, this.#states]
    this.#group.dispose()
    this.#generation = replacement.generation
    const { name, description, populate } = replacement.backend
    const reason = `the GPU was lost, and ${name} (${description}) goes on`
    this.#group = populate
      ? await LivePopulation.place(members, context, backends, states)
      : await LiveHost.place(members, context, reason, backends, states?.states)
    this.#hasKept = false
    if (this.#since > 0) await this.#group.train(this.#since)
  }

  epochsOf(place: number): number {
    return this.#group.epochsOf(place)
  }

  isDiverged(place: number): boolean {
    return this.#group.isDiverged(place)
  }

  parameters(): Promise<readonly Float32Array[]> {
    return this.#repeatable((group) => group.parameters())
  }

  outputs(x: PredictRows, places: readonly number[]): Promise<readonly Matrix[]> {
    return this.#repeatable((group) => group.outputs(x, places))
  }

  scores(): Promise<readonly LiveScore[]> {
    return this.#repeatable((group) => group.scores())
  }

  checkpoint(place: number): Promise<Checkpoint> {
    return this.#repeatable((group) => group.checkpoint(place))
  }

  dispose(): void {
    this.#group.dispose()
  }
}
