import { signal } from '@preact/signals'
import { settings } from '../state.ts'
import { addressOf, embedCode } from './address.ts'
import { linksOf } from './links.ts'
import './share.css'

/** What happened to the link or the code, for a few seconds. */
const confirmation = signal('')

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    confirmation.value = `${what} copied.`
  } catch {
    confirmation.value = 'This browser does not let the page copy. Select the text and copy it yourself.'
  }
}

/** Opens the system's dialog for sharing where there is one; else copies the link. */
async function share(url: string): Promise<void> {
  if (typeof navigator.share !== 'function') return copy(url, 'Link')
  try {
    await navigator.share({ title: 'A neural network that learns', url })
  } catch (error) {
    // The user closed the dialog; every other failure leaves the link to copy.
    if (!(error instanceof DOMException && error.name === 'AbortError')) await copy(url, 'Link')
  }
}

/** A button that opens ways to share this run, and links to the source, the article and the documentation. */
export function Share() {
  return (
    <div class="chip share">
      <button type="button" popovertarget="share-run" aria-label="Share">
        <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
          <path d="M12 15V4 M7.5 8.5 12 4l4.5 4.5 M5 13v6h14v-6" />
        </svg>
        <span>Share</span>
      </button>
      <section popover="auto" id="share-run" class="popover share-popover" aria-label="Share this run">
        <SharedLink />
        <EmbedCode />
        <div class="share-confirmation" role="status">
          {confirmation.value}
        </div>
        <PageLinks />
      </section>
    </div>
  )
}

function SharedLink() {
  const url = addressOf(location.href, settings.value)
  return (
    <div class="share-row">
      <label>
        <span>Link to this run</span>
        <input readOnly value={url} onFocus={selectAll} />
      </label>
      <button
        type="button"
        class="main"
        onClick={() => {
          void share(url)
        }}
      >
        {typeof navigator.share === 'function' ? 'Share link' : 'Copy link'}
      </button>
    </div>
  )
}

function EmbedCode() {
  const code = embedCode(location.href, settings.value)
  return (
    <div class="share-row">
      <label>
        <span>Show it in an article or a lesson</span>
        <input readOnly value={code} onFocus={selectAll} />
      </label>
      <button
        type="button"
        onClick={() => {
          void copy(code, 'Code')
        }}
      >
        Copy code
      </button>
    </div>
  )
}

function selectAll({ currentTarget }: { currentTarget: HTMLInputElement }): void {
  currentTarget.select()
}

/** Links to the source, the article and the documentation. */
export function PageLinks() {
  return (
    <ul class="share-links" aria-label="About this page">
      {linksOf(location).map(({ text, href, title }) => (
        <li key={text}>
          <a href={href} title={title}>
            {text}
          </a>
        </li>
      ))}
    </ul>
  )
}
