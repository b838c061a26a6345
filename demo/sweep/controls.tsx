import { Choice } from '../fields.tsx'
import { EpochCount, speeds, Transport } from '../layout/transport.tsx'
import { problemTexts } from '../problems.ts'
import { problemNames, type Settings, type WallAxisName, wallAxisNames } from '../settings.ts'
import { change, choose, settings } from '../state.ts'
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
      <Transport
        playback={{ playing, play, pause }}
        what="the untrained networks again"
        onRestart={() => {
          start(playing.value)
        }}
      />
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
    <EpochCount epoch={epoch}>
      <Value name="epochs-per-second" number={epochsPerSecond}>
        {epochsPerSecond > 0 ? `${Math.round(epochsPerSecond)} a second` : '\u00a0'}
      </Value>
    </EpochCount>
  )
}
