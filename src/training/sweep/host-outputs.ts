import type { DataHandle, Placement } from '../../backend/backend.ts'
import { Matrix } from '../../core/matrix.ts'
import type { Network } from '../../model/network.ts'
import { inTargetUnits } from '../../model/predict.ts'
import { inputsOf, type PredictRows } from '../../model/rows.ts'
import type { HostBackends } from './host-backends.ts'
import { type LiveScore, scoreOf } from './live-group.ts'
import { type Member, networkOf } from './members.ts'

/**
 * Computes outputs and scores of the networks of a population in host memory. They are small, and a device is asked for one network
 * after another: the way there and back takes longer than the computation.
 */
export class HostOutputs {
  readonly #member: Member
  readonly #network: Network
  readonly #backends: HostBackends
  #placing: Promise<Placement> | undefined
  #scored: DataHandle | undefined
  /** The rows of the last call, on the placement. */
  #rows: { readonly x: PredictRows; readonly inputs: Matrix; readonly handle: DataHandle } | undefined

  /** @param member one of the networks, which all have its shape */
  constructor(member: Member, backends: HostBackends) {
    this.#member = member
    this.#backends = backends
    this.#network = networkOf(member)
  }

  /**
   * @param x rows in the units of the data
   * @param parameters one array for each network
   * @returns for each network rows × outputs, in the units of the targets
   */
  async outputs(x: PredictRows, parameters: readonly Float32Array[]): Promise<Matrix[]> {
    const placement = await this.#placed()
    const { inputs, handle } = await this.#upload(placement, x)
    const outputs: Matrix[] = []
    for (const own of parameters) {
      await placement.write({ parameters: own })
      const values = new Matrix(inputs.rows, this.#member.combination.outputs, await placement.outputs(handle))
      outputs.push(inTargetUnits(values, this.#network.targetScaling))
    }
    return outputs
  }

  /** The scores of networks with these parameters on the validation data, or without them on the training data. */
  async scores(parameters: readonly Float32Array[]): Promise<LiveScore[]> {
    const placement = await this.#placed()
    const { train, validation = train } = this.#member.part
    this.#scored ??= await placement.upload(validation, 'repeatedly')
    const scores: LiveScore[] = []
    for (const own of parameters) {
      await placement.write({ parameters: own })
      scores.push(await scoreOf(placement, this.#scored, this.#member))
    }
    return scores
  }

  #placed(): Promise<Placement> {
    const { combination, seed } = this.#member
    return (this.#placing ??= this.#backends.next().place(this.#network, { ...combination.placement, seed }))
  }

  async #upload(placement: Placement, x: PredictRows) {
    if (this.#rows?.x === x) return this.#rows
    const inputs = inputsOf(this.#network, x)
    this.#rows?.handle.dispose()
    return (this.#rows = { x, inputs, handle: await placement.upload({ inputs }, 'repeatedly') })
  }

  dispose(): void {
    this.#rows?.handle.dispose()
    this.#scored?.dispose()
    void this.#placing?.then((placement) => placement.dispose()).catch(() => undefined)
  }
}
