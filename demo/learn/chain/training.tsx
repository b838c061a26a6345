import { formatNumber } from '../formulas.ts'
import { chainSettings, costOf, descend, forward, initialLayers, type Layers, type Sample, scoreOf } from './network.ts'

export interface TrainingState {
  readonly layers: Layers
  /** The number of minibatches that the network was trained on. */
  readonly step: number
  /** The scores of the training and of the test points, and the mean cost of the training points. */
  readonly train: number
  readonly test: number
  readonly cost: number
}

interface Data {
  train: readonly Sample[]
  test: readonly Sample[]
}

function measured(layers: Layers, step: number, { train, test }: Data): TrainingState {
  const cost = train.reduce((sum, { x, y }) => sum + costOf(forward(layers, x).at(-1)!.a, y), 0) / train.length
  return { layers, step, train: scoreOf(layers, train), test: scoreOf(layers, test), cost }
}

export const initialTraining = (layers: Layers, data: Data) => measured(layers, 0, data)

/** Trains on the next `count` minibatches. */
export function trainOn(
  state: TrainingState,
  count: number,
  minibatches: readonly Sample[][],
  data: Data,
): TrainingState {
  let { layers, step } = state
  for (let i = 0; i < count; i++) {
    layers = descend(layers, minibatches[step % minibatches.length]!, chainSettings.learningRate)
    step++
  }
  return measured(layers, step, data)
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** Trains the network of the page, and shows its scores. */
export function Training({ state, data, minibatches, change }: TrainingProps) {
  const perEpoch = minibatches.length
  const epochs = Math.floor(state.step / perEpoch)
  const buttons: [string, number][] = [
    ['One step', 1],
    ['One epoch', perEpoch - (state.step % perEpoch)],
    ['10 epochs', 10 * perEpoch - (state.step % perEpoch)],
  ]
  return (
    <section class="panel chain-training" aria-labelledby="chain-training-title">
      <h2 id="chain-training-title">Train this network</h2>
      <p>
        {data.train.length} points train the network, {data.test.length} other points test it. Every number above
        changes with the network.
      </p>
      <div class="row">
        {buttons.map(([text, count]) => (
          <button
            type="button"
            key={text}
            onClick={() => {
              change(trainOn(state, count, minibatches, data))
            }}
          >
            {text}
          </button>
        ))}
        <button
          type="button"
          onClick={() => {
            change(initialTraining(initialLayers(), data))
          }}
        >
          Reset
        </button>
      </div>
      <dl class="learn-figures" aria-live="polite">
        <div>
          <dt>Epochs</dt>
          <dd>{epochs}</dd>
        </div>
        <div>
          <dt>Steps</dt>
          <dd>{state.step}</dd>
        </div>
        <div>
          <dt>Mean cost</dt>
          <dd>{formatNumber(state.cost)}</dd>
        </div>
        <div>
          <dt>Score on training points</dt>
          <dd>{percent(state.train)}</dd>
        </div>
        <div>
          <dt>Score on test points</dt>
          <dd>{percent(state.test)}</dd>
        </div>
      </dl>
    </section>
  )
}

interface TrainingProps {
  state: TrainingState
  data: Data
  minibatches: readonly Sample[][]
  change: (state: TrainingState) => void
}
