import { useState } from 'preact/hooks'
import { triedPicture } from './drawing-pad.tsx'
import { Picture } from './evaluation.tsx'
import { describeCount } from './picture-count.ts'
import type { ShownData } from './protocol.ts'
import { change, data, settings } from './state.ts'

const count = (value: number) => value.toLocaleString('en')

/** With more classes, the pictures have no column for each class. */
const MAX_COLUMNS = 12

/** Some pictures of the training data with their labels. Clicking one shows it to the network. */
export function PictureWall() {
  const shown = data.value?.shown
  if (!shown?.picture) return null
  return (
    <section class="digits-wall" aria-labelledby="digits-wall-title">
      <h3 id="digits-wall-title">Pictures to learn from</h3>
      <PictureCount />
      <Wall shown={shown} />
    </section>
  )
}

function Wall({ shown: { picture, classes } }: { shown: ShownData }) {
  const [focused, setFocused] = useState(0)
  const { side, samples } = picture!
  const columns = classes.length <= MAX_COLUMNS ? classes.length : undefined
  const pixels = (i: number) => samples.pixels.subarray(i * side ** 2, (i + 1) * side ** 2)
  const move = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!by) return
    event.preventDefault()
    const next = (focused + by + samples.labels.length) % samples.labels.length
    setFocused(next)
    ;(event.currentTarget as HTMLElement).querySelectorAll('button')[next]?.focus()
  }
  return (
    <ul
      class={columns ? 'digits-samples columns-of-classes' : 'digits-samples'}
      style={columns === undefined ? undefined : { '--columns': columns, '--rows': rowsOf(samples.labels) + 1 }}
      aria-label="Pictures with their labels: the left and right arrow keys move between them"
      onKeyDown={move}
    >
      {[...samples.labels].map((label, i) => {
        const isFirst = label !== samples.labels[i - 1]
        return (
          <>
            {columns && isFirst && (
              <li key={`head-${label}`} class="digits-label" style={{ gridColumn: label + 1 }} aria-hidden="true">
                {classes[label]}
              </li>
            )}
            <li key={i} style={columns ? { gridColumn: label + 1 } : undefined}>
              <button
                type="button"
                tabIndex={i === focused ? 0 : -1}
                aria-label={`Show the network this ${classes[label] ?? ''}`}
                title={`A ${classes[label] ?? ''}. Click to show it to the network.`}
                onClick={() => {
                  setFocused(i)
                  triedPicture.value = { pixels: Float32Array.from(pixels(i), (value) => value / 255) }
                }}
              >
                <Picture pixels={pixels(i)} side={side} scale={255} />
              </button>
              {!columns && <span aria-hidden="true">{classes[label]}</span>}
            </li>
          </>
        )
      })}
    </ul>
  )
}

/** The largest number of pictures of one class. */
const rowsOf = (labels: Uint8Array) =>
  labels.reduce((most, label, i) => Math.max(most, labels.subarray(0, i + 1).filter((l) => l === label).length), 0)

/** How many pictures are used, and a button that uses all pictures of the file. */
export function PictureCount() {
  const shown = data.value?.shown
  if (!shown?.picture) return null
  const most = shown.available?.train ?? 0
  return (
    <p class="hint digits-count">
      {describeCount(shown)}{' '}
      {most > settings.value.samples && (
        <button
          type="button"
          onClick={() => {
            change({ samples: most })
          }}
        >
          Use all {count(most)}
        </button>
      )}
    </p>
  )
}
