import { signal } from '@preact/signals'
import { activationNames, optimizerNames } from '../../src/index.ts'
import { changeHiddenActivation } from '../edits.ts'
import { Amount, Choice } from '../fields.tsx'
import { change, pause, play, playing, progress, restart, settings, step } from '../state.ts'
import { Term } from '../terms/term.tsx'
import { Value } from '../value.tsx'
import { penaltyChoices, penaltyOf, settingsOfPenalty } from './penalties.ts'
import { EpochCount, Icon, speeds, Transport } from './transport.tsx'
import './bar.css'

/** Whether the settings that are seldom changed are visible. */
export const moreIsOpen = signal(false)

/** The controls that matter most, in one row. */
export function Bar() {
  return (
    <section class="bar" aria-label="Controls">
      <Training />
      <Count />
      <div class="bar-fields">
        <MainFields />
      </div>
      <button
        type="button"
        class="bar-more"
        aria-expanded={moreIsOpen.value}
        aria-controls={moreIsOpen.value ? 'more-settings' : undefined}
        onClick={() => {
          moreIsOpen.value = !moreIsOpen.value
        }}
      >
        {moreIsOpen.value ? 'Fewer settings' : 'More settings'}
      </button>
    </section>
  )
}

const steps = [
  { what: 'minibatch', name: 'One step', explanation: 'train on one minibatch', path: 'M6 6l8 6-8 6z M18 6v12' },
  {
    what: 'epoch',
    name: 'One epoch',
    explanation: 'train once on all training data',
    path: 'M4 6l7 6-7 6z M11 6l7 6-7 6z M20 6v12',
  },
] as const

function Training() {
  return (
    <Transport
      playback={{ playing, play, pause }}
      what="the untrained network again"
      onRestart={() => {
        restart(false)
      }}
    >
      {steps.map(({ what, name, explanation, path }) => (
        <button
          type="button"
          key={what}
          class="round"
          aria-label={name}
          title={`${name}: ${explanation}`}
          onClick={() => {
            step(what)
          }}
        >
          <Icon path={path} filled />
        </button>
      ))}
    </Transport>
  )
}

function Count() {
  const { epoch = 0, step: steps = 0 } = progress.value ?? {}
  return (
    <EpochCount epoch={epoch}>
      <Value name="step" number={steps}>
        {steps.toLocaleString('en')}
      </Value>{' '}
      <Term name="step">steps</Term>
    </EpochCount>
  )
}

function MainFields() {
  const { activations, optimizer, speed } = settings.value
  const hidden = activations.slice(0, -1)
  const isMixed = new Set(hidden).size > 1
  const penalty = penaltyOf(settings.value)
  return (
    <>
      <Amount name="learningRate" label="Learning rate" min={0.000001} max={100} step="any" />
      <Choice
        label="Activation"
        setting="activations"
        term="activation"
        value={isMixed ? '' : (hidden[0] ?? '')}
        disabled={hidden.length === 0}
        choices={[
          ...(isMixed ? ([['', 'different']] as const) : []),
          ...(hidden.length === 0 ? ([['', 'no hidden layer']] as const) : []),
          ...activationNames.filter((name) => name !== 'softmax'),
        ]}
        onChoose={changeHiddenActivation}
      />
      <Amount name="batch" label="Batch size" min={1} max={5000} step={1} />
      <Choice
        label="Regularization"
        term="regularization"
        value={penalty}
        choices={penaltyChoices(penalty)}
        onChoose={(name) => {
          change(settingsOfPenalty(name))
        }}
      />
      <Choice
        label="Optimizer"
        setting="optimizer"
        term="optimizer"
        value={optimizer}
        choices={optimizerNames}
        onChoose={(chosen) => {
          change({ optimizer: optimizerNames.find((name) => name === chosen) ?? optimizer })
        }}
      />
      <Choice
        label="Speed"
        term="speed"
        value={String(speed)}
        choices={speeds}
        onChoose={(value) => {
          change({ speed: Number(value) })
        }}
      />
    </>
  )
}
