import { Diagram } from '../diagram.tsx'
import { DigitsOutput } from '../digits.tsx'
import { PlayButton } from '../layout/transport.tsx'
import { percent } from '../numbers.ts'
import { Plane } from '../plane/plane.tsx'
import { kind, pause, play, playing, progress, settings } from '../state.ts'
import { Value } from '../value.tsx'
import { addressOf } from './address.ts'
import './embedded.css'

/** The page inside an article or a lesson: network and predictions, a button to play, and a link to the whole page. */
export function Embedded() {
  const { epoch = 0, test, train } = progress.value ?? {}
  const [which, score] =
    test?.accuracy === undefined
      ? (['training-score', train?.accuracy] as const)
      : (['test-score', test.accuracy] as const)
  return (
    <div class="embedded">
      <div class="embedded-bar">
        <PlayButton {...{ playing, play, pause }} />
        <p>
          Epoch{' '}
          <b>
            <Value name="epoch" number={epoch}>
              {epoch.toLocaleString('en')}
            </Value>
          </b>
        </p>
        {score !== undefined && (
          <p>
            {which === 'test-score' ? 'Test' : 'Training'} score{' '}
            <b>
              <Value name={which} number={score}>
                {percent(score)}
              </Value>
            </b>
          </p>
        )}
        <a href={addressOf(location.href, settings.value)} target="_blank" rel="noopener">
          Open in webgpu-mlp
        </a>
      </div>
      <div class="embedded-parts">
        <div class="scroll" tabIndex={0} role="group" aria-label="Network">
          <Diagram />
        </div>
        {kind() === 'images' ? <DigitsOutput /> : <Plane />}
      </div>
    </div>
  )
}
