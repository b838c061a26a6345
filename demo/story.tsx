import { change } from './state.ts'
import { Term } from './terms/term.tsx'
import './story.css'

/** What happens on this page, in three sentences. */
export function Story() {
  return (
    <section class="story" aria-label="What happens here">
      <p>
        A neural network is a chain of small calculations, and its <Term name="weight">weights</Term> start as random
        numbers. In each <Term name="step">step</Term> it guesses the answers for a few points, measures how wrong they
        are (the <Term name="loss">loss</Term>), and changes every weight a little so that the next guess is better.
        After some hundred <Term name="epoch">epochs</Term> of this, it also answers correctly for points that it has
        never seen: the <Term name="test">test data</Term>.
      </p>
      <button
        type="button"
        onClick={() => {
          change({ tab: 'learn' })
        }}
      >
        See the calculation, step by step →
      </button>
    </section>
  )
}
