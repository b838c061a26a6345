import type { ReadonlySignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { Term } from '../terms/term.tsx'
import { Value } from '../value.tsx'

/** How fast the training goes, as choices. */
export const speeds: readonly [value: string, text: string][] = [
  ['2', '2 epochs/s'],
  ['10', '10 epochs/s'],
  ['60', '60 epochs/s'],
  ['300', '300 epochs/s'],
  ['0', 'fastest'],
]

export const Icon = ({ path, filled = false, wide = false }: { path: string; filled?: boolean; wide?: boolean }) => (
  <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
    <path
      d={path}
      fill={filled ? 'currentcolor' : 'none'}
      stroke="currentcolor"
      stroke-width={wide ? 4.5 : 2}
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
)

/** What starts and pauses a training. */
export interface Playback {
  readonly playing: ReadonlySignal<boolean>
  readonly play: () => void
  readonly pause: () => void
}

export function PlayButton({ playing, play, pause }: Playback) {
  const name = playing.value ? 'Pause' : 'Play'
  return (
    <button type="button" class="round main" aria-label={name} title={name} onClick={playing.value ? pause : play}>
      {playing.value ? <Icon path="M8 5v14 M16 5v14" wide /> : <Icon path="M8 5l11 7-11 7z" filled />}
    </button>
  )
}

/**
 * The buttons that start, pause and repeat a training.
 * @param what is trained again: `the untrained network again`
 * @param children further buttons
 */
export function Transport({
  playback,
  what,
  onRestart,
  children,
}: {
  playback: Playback
  what: string
  onRestart: () => void
  children?: ComponentChildren
}) {
  return (
    <div class="transport" role="group" aria-label="Training">
      <button type="button" class="round" aria-label="New start" title={`New start: ${what}`} onClick={onRestart}>
        <Icon path="M4 5v5h5 M4.6 10A8 8 0 1 1 4 14.5" />
      </button>
      <PlayButton {...playback} />
      {children}
    </div>
  )
}

/** The number of complete epochs, and below it something small. */
export function EpochCount({ epoch, children }: { epoch: number; children: ComponentChildren }) {
  return (
    <div class="bar-count">
      <span class="label">
        <Term name="epoch">Epoch</Term>
      </span>
      <span class="epoch">
        <Value name="epoch" number={epoch}>
          {epoch.toLocaleString('en')}
        </Value>
      </span>
      <small>{children}</small>
    </div>
  )
}
