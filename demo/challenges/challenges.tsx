import { choose } from '../state.ts'
import { type Challenge, challenges } from './list.ts'
import { justSolved, solved } from './solved.ts'
import './challenges.css'

/** The challenges, with a check mark for each that is solved. */
export function Challenges() {
  const count = challenges.filter(({ id }) => solved.value.has(id)).length
  return (
    <section class="panel challenges" aria-labelledby="challenges-title">
      <h2 id="challenges-title">
        Challenges{' '}
        <small>
          {count} of {challenges.length} solved
        </small>
      </h2>
      <ul>
        {challenges.map((challenge) => (
          <Item key={challenge.id} challenge={challenge} isSolved={solved.value.has(challenge.id)} />
        ))}
      </ul>
      <p class="challenges-news" role="status">
        {justSolved.value && `Solved: ${justSolved.value.text}`}
      </p>
    </section>
  )
}

function Item({ challenge: { id, text, problem }, isSolved }: { challenge: Challenge; isSolved: boolean }) {
  return (
    <li class={isSolved ? 'solved' : undefined}>
      <span class="challenges-mark" role="img" aria-label={isSolved ? 'solved' : 'not solved yet'}>
        {isSolved ? '✓' : ''}
      </span>
      <span id={`challenge-${id}`}>{text}</span>
      <button
        type="button"
        aria-describedby={`challenge-${id}`}
        onClick={() => {
          choose(problem)
        }}
      >
        Open
      </button>
    </li>
  )
}
