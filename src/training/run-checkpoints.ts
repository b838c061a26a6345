import type { Placement } from '../backend/backend.ts'
import { InputError } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { fingerprint } from '../data/fingerprint.ts'
import { isStream } from '../data/is-stream.ts'
import type { DataStream } from '../data/stream.ts'
import type { Network } from '../model/network.ts'
import { stateSlots } from '../optimizer/optimizer.ts'
import { newPlateau } from '../optimizer/schedule.ts'
import type { ChangeableOption } from './changeable.ts'
import type { Checkpoint, Resumed } from './checkpoint.ts'
import type { Session } from './session.ts'
import type { Settings } from './settings.ts'
import type { StoppingState } from './stopping.ts'

/** Makes the checkpoints of a trainer's runs, and restores them. */
export class RunCheckpoints {
  readonly #network: Network
  readonly #placement: Placement
  readonly #settings: Settings
  readonly #session: Session
  /** Fingerprints of the data that are trained on, and of those of the checkpoint until the data are known. */
  #data: string | undefined
  #resumed: string | undefined

  constructor(network: Network, placement: Placement, settings: Settings, session: Session) {
    this.#network = network
    this.#placement = placement
    this.#settings = settings
    this.#session = session
  }

  /**
   * Takes note of the data of a run. Reads through them only where a checkpoint needs it.
   * @param keep whether checkpoints will be made
   * @throws InputError for other data than those of the checkpoint that was restored
   */
  identify(train: Dataset | DataStream, keep: boolean): void {
    if (!keep && this.#resumed === undefined) return
    this.#data = isStream(train) ? train.fingerprint : fingerprint(train)
    if (this.#resumed !== undefined && this.#resumed !== this.#data) {
      throw new InputError('train: these are other data than those that the checkpoint was trained on')
    }
    this.#resumed = undefined
  }

  /** All that a resumed run needs. */
  async make(stopping: StoppingState | undefined): Promise<Checkpoint> {
    const snapshot = await this.#placement.read()
    return {
      ...this.#session.state,
      seed: this.#settings.seed,
      data: this.#data,
      settings: this.#described,
      arithmetic: this.#placement.arithmetic,
      snapshot,
      stopping: stopping && { ...stopping },
    }
  }

  /** What a run is made with, as a checkpoint keeps it. */
  get #described(): Record<string, unknown> {
    const { loss, optimizer, batchSize, l1, l2, dropout } = this.#settings
    const { sizes, activations } = this.#network
    return { sizes, activations, loss, optimizer, batchSize, l1, l2, dropout }
  }

  /**
   * Goes on from where a checkpoint was made.
   * @param changed the options that may differ from the checkpoint's
   * @throws InputError for a checkpoint of another run
   */
  async restore(checkpoint: Checkpoint, changed: readonly ChangeableOption[]): Promise<Resumed> {
    const { checkRestored } = await import('./restored.ts')
    const { optimizer, seed } = this.#settings
    const counts = { parameters: this.#network.parameters.length, slots: stateSlots(optimizer) }
    const changes = checkRestored(checkpoint, { ...counts, settings: this.#described, seed }, changed)
    const has = (...options: ChangeableOption[]) => changes.some(({ option }) => options.includes(option))
    // Checkpoints of earlier versions do not have it. Dropout and clipping decide which forms there are.
    const isAdopted = checkpoint.arithmetic !== undefined && !has('dropout', 'clipNorm')
    const difference = isAdopted ? await this.#placement.adopt(checkpoint.arithmetic) : undefined
    await this.#placement.write(checkpoint.snapshot)
    // A plateau was one of the rate before.
    const { plateau } = checkpoint
    const hasNewRate = has('learningRate')
    const position = hasNewRate ? { ...checkpoint, plateau: { ...newPlateau(), best: plateau.best } } : checkpoint
    this.#session.restore(position, checkpoint.snapshot.parameters)
    this.#resumed = checkpoint.data
    return { hasSameBits: difference === undefined && changes.length === 0, difference, changes }
  }
}
