import { useState } from 'preact/hooks'
import { TwoLayers } from './layers.tsx'
import { OneNeuron } from './neuron.tsx'
import './learn.css'

const pages = ['One neuron', 'Two layers: 2-2-2'] as const

/** The lesson: how a neuron learns, and how a network does. Both pages stay, so that nobody loses where they were. */
export default function Learn() {
  const [page, turnTo] = useState(0)
  return (
    <div class="learn">
      <div class="problems pages" role="group" aria-label="Page of the lesson">
        {pages.map((title, i) => (
          <button
            type="button"
            key={title}
            aria-pressed={page === i}
            onClick={() => {
              turnTo(i)
            }}
          >
            {i + 1}. {title}
          </button>
        ))}
      </div>
      <div hidden={page !== 0}>
        <OneNeuron />
      </div>
      <div hidden={page !== 1}>
        <TwoLayers />
      </div>
    </div>
  )
}
