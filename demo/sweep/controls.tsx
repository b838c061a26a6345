import { Choice } from '../fields.tsx'
import { Icon, speeds } from '../layout/bar.tsx'
import { problemTexts } from '../problems.ts'
import { problemNames, type Settings, type WallAxisName, wallAxisNames } from '../settings.ts'
import { change, choose, settings } from '../state.ts'
import { Term } from '../terms/term.tsx'
import { Value } from '../value.tsx'
import { axes } from './axes.ts'
import { byScore, changeSpeed, pause, play, playing, progress, start } from './state.ts'

const axisChoices = wallAxisNames.map((name) => [name, axes[name].title] as const)

/** Another axis; the one that the other direction has changes places with it. */
function chooseAxis(direction: 'wallAcross' | 'wallUp', name: string): void {
  const chosen = name as WallAxisName
  const { wallAcross, wallUp } = settings.value
  const other = direction === 'wallAcross' ? wallUp : wallAcross
  change(other === chosen ? { wallAcross: wallUp, wallUp: wallAcross } : { [direction]: chosen })
}

/** The controls of the wall, in one row as those of the main view. */
export function Controls() {
  const { problem, wallAcross, wallUp, speed } = settings.value
  // Pictures have no plane. Files are opened in the main view.
  const problems = problemNames.filter((name) => name !== 'digits' && (name !== 'file' || problem === 'file'))
  return (
    <section class="bar" aria-label="Controls">
      <div class="transport" role="group" aria-label="Training">
        <button
          type="button"
          class="round"
          aria-label="New start"
          title="New start: the untrained networks again"
          onClick={() => {
            start(playing.value)
          }}
        >
          <Icon path="M4 5v5h5 M4.6 10A8 8 0 1 1 4 14.5" />
        </button>
        <button
          type="button"
          class="round main"
          aria-label={playing.value ? 'Pause' : 'Play'}
          title={playing.value ? 'Pause' : 'Play'}
          onClick={playing.value ? pause : play}
        >
          {playing.value ? <Icon path="M8 5v14 M16 5v14" wide /> : <Icon path="M8 5l11 7-11 7z" filled />}
        </button>
      </div>
      <Count />
      <div class="bar-fields">
        <Choice
          label="Data"
          term="problem"
          value={problem}
          choices={[
            ...problems.map((name) => [name, name === 'file' ? 'your file' : problemTexts[name].title] as const),
            ...(problem === 'digits' ? ([['digits', 'Digits']] as const) : []),
          ]}
          onChoose={(name) => {
            choose(name as Exclude<Settings['problem'], 'file'>)
          }}
        />
        <Choice
          label="Across →"
          term="hyperparameter"
          value={wallAcross}
          choices={axisChoices}
          onChoose={(name) => {
            chooseAxis('wallAcross', name)
          }}
        />
        <Choice
          label="Up ↑"
          term="hyperparameter"
          value={wallUp}
          choices={axisChoices}
          onChoose={(name) => {
            chooseAxis('wallUp', name)
          }}
        />
        <Choice
          label="Speed"
          term="speed"
          value={String(speed)}
          choices={speeds}
          onChoose={(value) => {
            change({ speed: Number(value) })
            changeSpeed(Number(value))
          }}
        />
      </div>
      <div class="wall-order" role="group" aria-label="Order of the networks">
        {[false, true].map((ranked) => (
          <button
            type="button"
            key={String(ranked)}
            aria-pressed={byScore.value === ranked}
            onClick={() => {
              byScore.value = ranked
            }}
          >
            {ranked ? 'By score' : 'By setting'}
          </button>
        ))}
      </div>
    </section>
  )
}

function Count() {
  const { epoch, epochsPerSecond } = progress.value
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
      <small>
        <Value name="epochs-per-second" number={epochsPerSecond}>
          {epochsPerSecond > 0 ? `${Math.round(epochsPerSecond)} a second` : '\u00a0'}
        </Value>
      </small>
    </div>
  )
}
