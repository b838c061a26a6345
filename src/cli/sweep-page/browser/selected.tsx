import { settings } from './axes.ts'
import { count, decimal, textOfScore } from './format.ts'
import { commandOf, networks, run } from './run.ts'
import { selected } from './state.ts'

/** The score of a network, or how its training ended. */
export function resultText(network: number): string {
  const fault = run.faults[network]
  if (fault == null) return `${run.score.short} ${textOfScore(run.scores[network])}`
  return fault > 0 ? `diverged in epoch ${count(fault)}` : 'diverged'
}

/** The selected network with its command; stays at the lower edge of the window. */
export function Selected() {
  const network = selected.value
  return (
    <div class="selected" aria-live="polite" hidden={network === undefined}>
      {network !== undefined && (
        <>
          <div class="selected-head">
            <strong>
              Network {count(run.ranks[network]!)} of {count(networks)}
            </strong>
            <span>{resultText(network)}</span>
            <span>loss {decimal(run.losses[network] ?? NaN)}</span>
            {settings.map(({ name, text, coordinates }) => (
              <span key={name}>
                {name} {text(coordinates[network]!)}
              </span>
            ))}
            <button type="button" class="close" aria-label="Close" onClick={() => (selected.value = undefined)}>
              ×
            </button>
          </div>
          {run.causes[network] !== undefined && <p class="selected-cause">{run.causes[network]}</p>}
          <div class="command">
            <code tabIndex={0}>{commandOf(network)}</code>
            <button
              key={network}
              type="button"
              data-copy={commandOf(network)}
              aria-label={`Copy the command of network ${run.ranks[network]!}`}
            >
              Copy
            </button>
          </div>
        </>
      )}
    </div>
  )
}
