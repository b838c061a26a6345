import { fromHash } from '../link.ts'
import { formatNumber, percent } from '../numbers.ts'
import { problemTexts } from '../problems.ts'
import { acceptOffer, discardOffer, offer, postponeOffer, settings } from '../state.ts'
import { CloseButton } from './note.tsx'

/** Offers to continue the run of a closed tab. */
export function Offer() {
  const found = offer.value
  return (
    <section
      class="offer"
      aria-label="Your last run"
      hidden={!found}
      onKeyDown={({ key }) => {
        if (key === 'Escape') answer(postponeOffer)
      }}
    >
      <p role="status">{found && describe(found)}</p>
      <button type="button" class="main" onClick={answerWith(acceptOffer)}>
        Continue
      </button>
      <button type="button" onClick={answerWith(discardOffer)}>
        Discard
      </button>
      <CloseButton label="Not now" title="Not now: ask again next time" onClick={answerWith(postponeOffer)} />
    </section>
  )
}

/** The buttons disappear, so the focus moves to the controls of the training. */
function answer(work: () => void): void {
  work()
  document.querySelector<HTMLElement>('.transport .main')?.focus()
}
const answerWith = (work: () => void) => () => {
  answer(work)
}

function describe({ address, epoch, accuracy, loss }: NonNullable<typeof offer.value>): string {
  const { problem, file, hidden } = fromHash(address).settings
  const data = problem === 'file' ? `“${file}”` : `“${problemTexts[problem].title}”`
  const result = accuracy === undefined ? `loss ${formatNumber(loss)}` : `${percent(accuracy)} correct`
  const isShown = problem === settings.value.problem && hidden.join() === settings.value.hidden.join()
  const what = isShown ? 'this network' : `a network on ${data}`
  return `Last time you trained ${what} to epoch ${epoch.toLocaleString('en')}, ${result}.`
}
