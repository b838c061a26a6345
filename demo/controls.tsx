import { activationNames, initializerNames, optimizerNames } from '../src/index.ts'
import { changeActivation } from './edits.ts'
import { Amount, Choice } from './fields.tsx'
import { Notices } from './notices.tsx'
import { lossesFor, outputActivationFor, type Settings } from './settings.ts'
import {
  advice,
  change,
  kind,
  pause,
  play,
  playing,
  progress,
  restart,
  rewind,
  settings,
  step,
  stopReason,
} from './state.ts'

const speeds: readonly [value: number, text: string][] = [
  [2, '2 epochs per second'],
  [10, '10 epochs per second'],
  [60, '60 epochs per second'],
  [300, '300 epochs per second'],
  [0, 'no limit'],
]

const steps = [
  { what: 'minibatch', text: 'One step', title: 'Train on one minibatch' },
  { what: 'epoch', text: 'One epoch', title: 'Train once on all training data' },
] as const

/** Play, pause, single steps, rewind and speed. */
export function Transport() {
  const { snapshot = 0, snapshots = 1, epoch = 0, step: stepCount = 0 } = progress.value ?? {}
  return (
    <section class="transport" aria-label="Play and pause">
      <button
        type="button"
        title="Restore the untrained network"
        onClick={() => {
          restart(false)
        }}
      >
        Reset
      </button>
      <button type="button" class="main" onClick={playing.value ? pause : play}>
        {playing.value ? 'Pause' : 'Play'}
      </button>
      {steps.map(({ what, text, title }) => (
        <button
          type="button"
          key={what}
          title={title}
          onClick={() => {
            step(what)
          }}
        >
          {text}
        </button>
      ))}
      <label class="rewind">
        <span>Rewind</span>
        <input
          type="range"
          min={0}
          max={snapshots - 1}
          value={snapshot}
          aria-valuetext={`epoch ${epoch}`}
          onInput={({ currentTarget }) => {
            rewind(currentTarget.valueAsNumber)
          }}
        />
      </label>
      <label class="speed">
        <span>Speed</span>
        <select
          value={settings.value.speed}
          onChange={({ currentTarget }) => {
            change({ speed: Number(currentTarget.value) })
          }}
        >
          {speeds.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <span class="count">
        <b>{epoch.toLocaleString('en')}</b> epochs
      </span>
      <span class="count">
        <b>{stepCount.toLocaleString('en')}</b> steps
      </span>
      <p class="stopped" role="status">
        {stopReason.value}
      </p>
      <Advice />
      <Notices about="training" />
    </section>
  )
}

/** What probably keeps the network from learning the data of a file. */
function Advice() {
  return (
    <div class="advice" role="status">
      {advice.value.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  )
}

/** The hyperparameters. */
export function TrainingControls() {
  const { activations, hidden, loss, optimizer, init } = settings.value
  return (
    <section class="panel settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Training</h2>
      <Notices about="settings" />
      {activations.map((activation, l) => {
        const isOutput = l === hidden.length
        return (
          <Choice
            key={l}
            label={isOutput ? 'Output activation' : `Activation, layer ${l + 1}`}
            value={activation}
            choices={activationNames.filter((name) => isOutput || name !== 'softmax')}
            disabled={isOutput && outputActivationFor(kind()) !== undefined}
            onChoose={(name) => {
              changeActivation(l, name)
            }}
          />
        )
      })}
      {(
        [
          ['loss', 'Loss', loss, lossesFor(kind())],
          ['optimizer', 'Optimizer', optimizer, optimizerNames],
        ] as const
      ).map(([name, label, value, choices]) => (
        <Choice
          key={name}
          label={label}
          value={value}
          choices={choices}
          onChoose={(chosen) => {
            change({ [name]: chosen })
          }}
        />
      ))}
      <Amount name="learningRate" label="Learning rate" min={0.000001} max={100} step="any" />
      <Amount name="batch" label="Batch size" min={1} max={5000} step={1} />
      <Amount name="l1" label="l1 penalty: makes weights zero" min={0} max={1} step="any" />
      <Amount name="l2" label="l2 penalty: keeps weights small" min={0} max={1} step="any" />
      <Amount name="dropout" label="Dropout: fraction of hidden neurons" min={0} max={0.9} step="any" />
      <Choice
        label="Initial weights"
        value={init}
        choices={initializerNames}
        onChoose={(chosen) => {
          change({ init: chosen } as Partial<Settings>)
        }}
      />
      <Amount name="stop" label="Stop after epochs (0: no limit)" min={0} max={1e9} step={1} />
      <Amount name="patience" label="Patience in epochs (0: no limit)" min={0} max={1e6} step={1} />
      <Amount name="seed" label="Seed" min={0} max={4294967295} step={1} />
    </section>
  )
}
