import { activationNames, initializerNames } from '../../src/index.ts'
import { setTheme, type Theme, theme } from '../colours.ts'
import { changeActivation } from '../edits.ts'
import { Amount, Choice } from '../fields.tsx'
import { lossesFor, outputActivationFor, type Settings } from '../settings.ts'
import { change, kind, settings } from '../state.ts'
import { moreIsOpen } from './bar.tsx'

/** The settings that are seldom changed. */
export function MoreSettings() {
  const { activations, hidden, loss, init } = settings.value
  if (!moreIsOpen.value) return null
  return (
    <section id="more-settings" class="more" aria-label="More settings">
      <p class="hint">
        A change of a setting with the mark ↺ starts a new run; all others take effect in the current run.
      </p>
      <Choice
        label="Loss"
        setting="loss"
        term="loss"
        value={loss}
        choices={lossesFor(kind())}
        onChoose={(chosen) => {
          change({ loss: chosen } as Partial<Settings>)
        }}
      />
      {activations.map((activation, l) => {
        const isOutput = l === hidden.length
        return (
          <Choice
            key={l}
            label={isOutput ? 'Output activation' : `Activation, layer ${l + 1}`}
            setting="activations"
            term={isOutput ? 'outputActivation' : 'activation'}
            value={activation}
            choices={activationNames.filter((name) => isOutput || name !== 'softmax')}
            disabled={isOutput && outputActivationFor(kind()) !== undefined}
            onChoose={(name) => {
              changeActivation(l, name)
            }}
          />
        )
      })}
      <Amount name="l1" label="l1 penalty" min={0} max={1} step="any" />
      <Amount name="l2" label="l2 penalty" min={0} max={1} step="any" />
      <Amount name="dropout" label="Dropout" min={0} max={0.9} step="any" />
      <Choice
        label="Initial weights"
        setting="init"
        term="init"
        value={init}
        choices={initializerNames}
        onChoose={(chosen) => {
          change({ init: chosen } as Partial<Settings>)
        }}
      />
      <Amount name="seed" label="Seed" min={0} max={4294967295} step={1} />
      {settings.value.dataSeed !== undefined && (
        <Amount name="dataSeed" label="Seed of the data" min={0} max={4294967295} step={1} />
      )}
      <Amount name="stop" label="Stop after epochs" min={0} max={1e9} step={1} />
      <Amount name="patience" label="Patience in epochs" min={0} max={1e6} step={1} />
      <Choice
        label="Colours"
        term="colours"
        value={theme.value}
        choices={['system', 'light', 'dark']}
        onChoose={(chosen) => {
          setTheme(chosen as Theme)
        }}
      />
    </section>
  )
}
