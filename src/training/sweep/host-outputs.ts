import type { Backend, DataHandle, Placement } from '../../backend/backend.ts'
import { wasm } from '../../backend/host/wasm/backend.ts'
import { Matrix } from '../../core/matrix.ts'
import type { Network } from '../../model/network.ts'
import { inTargetUnits } from '../../model/predict.ts'
import { inputsOf, type PredictRows } from '../../model/rows.ts'
import { type Member, networkOf } from './members.ts'

/**
 * Computes the outputs of the networks of a population in host memory. They are small, and a device is asked for one network
 * after another: the way there and back takes longer than the computation.
 */
export class HostOutputs {
  readonly #member: Member
  readonly #network: Network
  readonly #backend: Backend = wasm({ threads: 1 })
  #placing: Promise<Placement> | undefined
  /** The rows of the last call, on the placement. */
  #rows: { readonly x: PredictRows; readonly inputs: Matrix; readonly handle: DataHandle } | undefined

  /** @param member one of the networks, which all have its shape */
  constructor(member: Member) {
    this.#member = member
    this.#network = networkOf(member)
  }

  /**
   * @param x rows in the units of the data
   * @param parameters one array for each network
   * @returns for each network rows × outputs, in the units of the targets
   */
  async of(x: PredictRows, parameters: readonly Float32Array[]): Promise<Matrix[]> {
    const { combination } = this.#member
    this.#placing ??= this.#backend.place(this.#network, { ...combination.placement, seed: this.#member.seed })
    const placement = await this.#placing
    const { inputs, handle } = await this.#upload(placement, x)
    const outputs: Matrix[] = []
    for (const own of parameters) {
      await placement.write({ parameters: own })
      const values = new Matrix(inputs.rows, combination.outputs, await placement.outputs(handle))
      outputs.push(inTargetUnits(values, this.#network.targetScaling))
    }
    return outputs
  }

  async #upload(placement: Placement, x: PredictRows) {
    if (this.#rows?.x === x) return this.#rows
    const inputs = inputsOf(this.#network, x)
    this.#rows?.handle.dispose()
    return (this.#rows = { x, inputs, handle: await placement.upload({ inputs }, 'repeatedly') })
  }

  dispose(): void {
    this.#rows?.handle.dispose()
    void this.#placing?.then((placement) => placement.dispose()).catch(() => undefined)
    this.#backend.dispose()
  }
}
