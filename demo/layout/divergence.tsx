import { changeAndRestart, divergence, progress } from '../state.ts'
import type { Settings } from '../settings.ts'
import './divergence.css'

/** Why training diverged, and a button that trains again with the change that helps. */
export function Divergence() {
  const found = divergence.value
  return (
    <div class="divergence" role="status">
      {found && (
        <>
          <p>
            <strong>Training stopped.</strong> {found.what}
          </p>
          {found.why !== undefined && (
            <p>
              <strong>The likely cause.</strong> {found.why}
            </p>
          )}
          <p>
            <strong>What helps.</strong> {found.help}
          </p>
          <p class="divergence-ways">
            {found.changed && (
              <button
                type="button"
                class="main"
                onClick={() => {
                  changeAndRestart(found.changed!)
                }}
              >
                Try again {describeChange(found.changed)}
              </button>
            )}
            <span>
              The network keeps its values from before that epoch.
              {progress.value && progress.value.epoch > 0 && ' To go back further, drag the line below the controls.'}
            </span>
          </p>
        </>
      )}
    </div>
  )
}

/** with learning rate 0.1 */
function describeChange({ learningRate, l1, l2, optimizer, scaleInputs, scaleTargets }: Partial<Settings>): string {
  const parts = [
    ...(optimizer === undefined ? [] : [optimizer]),
    ...(learningRate === undefined ? [] : [`learning rate ${learningRate}`]),
    ...(l1 === undefined ? [] : [`l1 penalty ${l1}`]),
    ...(l2 === undefined ? [] : [`l2 penalty ${l2}`]),
    ...(scaleInputs ? ['scaled inputs'] : []),
    ...(scaleTargets ? ['scaled targets'] : []),
  ]
  return `with ${parts.join(' and ')}`
}
