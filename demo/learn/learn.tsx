import { useRef } from 'preact/hooks'
import { toHash } from '../link.ts'
import { change, settings } from '../state.ts'
import { ChainRule } from './chain/page.tsx'
import { TwoLayers } from './layers.tsx'
import { OneNeuron } from './neuron.tsx'
import { pages } from './pages.ts'
import './learn.css'
import './formulas.css'
import './plot.css'
import './network.css'
import './stages.css'
import './repetition.css'
import './layout.css'

const contents = [OneNeuron, ChainRule, TwoLayers]

/** The lesson: how a neuron and a network learn. Pages that were opened remain in the document, which keeps their state. */
export default function Learn() {
  const page = settings.value.lesson
  const opened = useRef(new Set<number>()).current
  opened.add(page)
  return (
    <div class="learn">
      <nav class="learn-pages" aria-label="Pages of the lesson">
        {pages.map((title, i) => (
          <a
            key={title}
            href={`#${toHash({ ...settings.value, lesson: i + 1 })}`}
            aria-current={page === i + 1 ? 'page' : undefined}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return
              event.preventDefault()
              change({ lesson: i + 1 })
            }}
          >
            {i + 1}. {title}
          </a>
        ))}
      </nav>
      {contents.map((Page, i) => (
        <div key={pages[i]} hidden={page !== i + 1}>
          {opened.has(i + 1) && <Page />}
        </div>
      ))}
    </div>
  )
}
