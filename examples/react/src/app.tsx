import { useMemo, useState } from 'react'
import { adam, circle, Network, split } from 'webgpu-mlp'
import { useTraining } from './use-training.ts'

const { train, test } = split(circle({ samples: 500, seed: 1 }), { test: 0.2, seed: 1 })
const epochs = 300
const percent = (share = 0) => `${(100 * share).toFixed(0)} %`

export function App() {
  const { status, epoch, backend, error, start, stop } = useTraining()
  const network = useMemo(() => Network.create({ sizes: [2, 8, 2], hidden: 'tanh', output: 'softmax', seed: 1 }), [])
  const [x, setX] = useState(0)
  const isTraining = status === 'training'

  const begin = () => {
    const optimizer = adam({ learningRate: 0.01 })
    void start(
      network,
      train,
      { loss: 'crossEntropy', optimizer, batchSize: 10, seed: 1 },
      { epochs, validation: test },
    )
  }

  // At once on the CPU; the network has other parameters after each training.
  const [answer] = network.classify([[x, 0]])

  return (
    <main>
      <h1>A network that learns a circle</h1>
      <p>
        <button onClick={isTraining ? stop : begin}>{isTraining ? 'Stop' : 'Train'}</button>{' '}
        <progress aria-label="epochs" value={epoch?.epoch ?? 0} max={epochs} />
      </p>
      <dl>
        <dt>Status</dt>
        <dd role="status">{error ? `failed: ${error.message}` : status}</dd>
        <dt>Trained on</dt>
        <dd>{backend ?? '–'}</dd>
        <dt>Epoch</dt>
        <dd data-value="epoch">{epoch?.epoch ?? 0}</dd>
        <dt>Loss</dt>
        <dd>{epoch?.loss.toFixed(4) ?? '–'}</dd>
        <dt>Accuracy on test samples</dt>
        <dd data-value="accuracy">{epoch?.validation?.accuracy?.toFixed(3) ?? '–'}</dd>
      </dl>
      <label>
        ({x.toFixed(1)}, 0) lies{' '}
        <output>
          {status === 'done' || status === 'stopped' ? `${answer?.class}, ${percent(answer?.probability)}` : '…'}
        </output>
        <input
          type="range"
          min={-1}
          max={1}
          step={0.1}
          value={x}
          onChange={(event) => setX(event.target.valueAsNumber)}
        />
      </label>
    </main>
  )
}
