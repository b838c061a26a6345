import { useState } from 'preact/hooks'
import { TwoLayers } from './layers.tsx'
import { OneNeuron } from './neuron.tsx'
import './learn.css'
import './formulas.css'
import './plot.css'
import './network.css'
import './stages.css'
import './repetition.css'
import './layout.css'

const pages = ['One neuron', 'Two layers: 2-2-2'] as const

/** The lesson: how a neuron and a network learn. Both pages remain in the document, which keeps their state. */
export default function Learn() {
  const [page, setPage] = useState(0)
  return (
    <div class="learn">
      <div class="problems pages" role="group" aria-label="Page of the lesson">
        {pages.map((title, i) => (
          <button
            type="button"
            key={title}
            aria-pressed={page === i}
            onClick={() => {
              setPage(i)
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
