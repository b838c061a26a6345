import { computed, effect, signal } from '@preact/signals'
import { type ComponentType, render } from 'preact'
import { useEffect } from 'preact/hooks'
import { setTheme, type Theme, theme } from './colours.ts'
import { TrainingControls, Transport } from './controls.tsx'
import { Curve } from './curves.tsx'
import { DataControls } from './data.tsx'
import { Diagram, LayerCount } from './diagram.tsx'
import { DrawingPad, LookingFor } from './digits.tsx'
import { Examination } from './examination.tsx'
import { Notices } from './notices.tsx'
import { AddingControls, Plane } from './regions.tsx'
import { Saving } from './saving.tsx'
import type { Settings } from './settings.ts'
import { change, kind, settings } from './state.ts'
import { Status } from './status.tsx'
import { Verify } from './verify.tsx'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import './network.css'
import './output.css'
import './layout.css'

/** The lesson, once it is loaded: most visitors come to play first. */
const lesson = signal<ComponentType | undefined>(undefined)
const tab = computed(() => settings.value.tab)
effect(() => {
  if (tab.value !== 'learn' || lesson.peek()) return
  void import('./learn/learn.tsx').then(({ default: loaded }) => {
    lesson.value = loaded
  })
})

const tabs: readonly [Settings['tab'], string][] = [
  ['play', 'Watch it learn'],
  ['learn', 'How it learns'],
]

function Header() {
  return (
    <header>
      <h1>webgpu-mlp</h1>
      <p>A neural network that learns on your own GPU, while you watch.</p>
      <nav aria-label="Parts of the page">
        {tabs.map(([name, text]) => (
          <button
            type="button"
            key={name}
            aria-pressed={tab.value === name}
            onClick={() => {
              change({ tab: name })
            }}
          >
            {text}
          </button>
        ))}
      </nav>
      <label class="theme">
        <span>Colours</span>
        <select
          value={theme.value}
          onChange={({ currentTarget }) => {
            setTheme(currentTarget.value as Theme)
          }}
        >
          <option value="system">as the system</option>
          <option value="light">light</option>
          <option value="dark">dark</option>
        </select>
      </label>
    </header>
  )
}

/** What it makes of the data: regions of the plane, or for pictures a pad to draw on. */
function Output() {
  const pictures = kind() === 'images'
  return (
    <section class="panel" aria-labelledby="output-title">
      <h2 id="output-title">{pictures ? 'Draw a digit' : 'What it makes of the data'}</h2>
      {pictures ? (
        <>
          <DrawingPad />
          <LookingFor />
        </>
      ) : (
        <>
          <div class="pair">
            <Plane regions={false} />
            <Plane regions />
          </div>
          <p class="hint">
            {kind() === 'quantities'
              ? 'Blue is low, orange high. Held-out points have a strong rim.'
              : 'Each class has its colour and its shape. Held-out points have a strong rim.'}
          </p>
          <AddingControls />
        </>
      )}
      <Saving />
    </section>
  )
}

function Play() {
  return (
    <>
      <Status />
      <Transport />
      <Notices about="link" />
      <div class="columns">
        <div class="column side">
          <DataControls />
          <TrainingControls />
        </div>
        <div class="column network">
          <section class="panel" aria-labelledby="network-title">
            <h2 id="network-title">Network</h2>
            <LayerCount />
            <div class="scroll">
              <Diagram />
            </div>
            <p class="hint">
              {kind() === 'images'
                ? 'The first layer’s squares show which pixels a neuron looks for.'
                : 'Each square shows what a neuron answers over the plane.'}{' '}
              Orange, solid lines are positive weights, blue, dashed ones negative; wide ones are large. Point at
              anything for its exact value.
            </p>
          </section>
          <section class="panel" aria-labelledby="curves-title">
            <h2 id="curves-title">How it went</h2>
            <Curve what="Loss" />
            {kind() !== 'quantities' && <Curve what="Score" />}
          </section>
        </div>
        <div class="column output">
          <Output />
          <Examination />
          <Verify />
        </div>
      </div>
    </>
  )
}

function App() {
  const Lesson = lesson.value
  useEffect(() => {
    document.title = tab.value === 'learn' ? 'How a network learns: webgpu-mlp' : 'webgpu-mlp: see a network learn'
  }, [tab.value])
  return (
    <>
      <Header />
      <main>
        {tab.value === 'play' && <Play />}
        {/* Where one is in the lesson stays while one plays. */}
        <div hidden={tab.value !== 'learn'}>{Lesson ? <Lesson /> : <p>One moment …</p>}</div>
      </main>
    </>
  )
}

render(<App />, document.getElementById('app')!)
