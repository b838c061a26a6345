import { progress, rewind } from './state.ts'
import './timeline.css'

/** The run as a line: the user returns to an earlier epoch on it. */
export function Timeline() {
  const { snapshot = 0, snapshots = 1, epoch = 0 } = progress.value ?? {}
  return (
    <label class="timeline">
      <span>start</span>
      <input
        type="range"
        aria-label="Rewind"
        min={0}
        max={snapshots - 1}
        value={snapshot}
        aria-valuetext={`epoch ${epoch}`}
        onInput={({ currentTarget }) => {
          rewind(currentTarget.valueAsNumber)
        }}
      />
      <span>now · drag back to see how it developed</span>
    </label>
  )
}
