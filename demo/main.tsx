import { computed, effect, signal } from '@preact/signals'
import { type ComponentType, render } from 'preact'
import { useEffect } from 'preact/hooks'
import { setTheme, type Theme, theme } from './colours.ts'
import { TrainingControls, Transport } from './controls.tsx'
import { Curve } from './curves.tsx'
import { DataControls } from './data.tsx'
import { Diagram, LayerCount } from './diagram.tsx'
import { DrawingPad, NeuronWeights } from './digits.tsx'
import { EvaluationPanel } from './evaluation.tsx'
import { Notices } from './notices.tsx'
import { PointControls, Plane } from './regions.tsx'
import { RowPrediction } from './row.tsx'
import { Saving } from './saving.tsx'
import type { Kind, Settings } from './settings.ts'
import { change, connect, kind, settings } from './state.ts'
import { Status } from './status.tsx'
import { Verify } from './verify.tsx'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import './file.css'
import './network.css'
import './output.css'
import './layout.css'

/** The lesson, which is loaded when its tab is opened for the first time. */
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
      <p>A neural network that learns on your GPU while you watch.</p>
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
          <option value="system">system</option>
          <option value="light">light</option>
          <option value="dark">dark</option>
        </select>
      </label>
    </header>
  )
}

const planeHints: Record<Kind, string> = {
  classes: 'Each class has a colour and a shape.',
  images: '',
  labels: 'Orange squares have the label, blue circles do not.',
  regression: 'Blue is low, orange is high.',
}

/** The predictions: over the plane, or for pictures of a drawing. */
function Output() {
  const pictures = kind() === 'images'
  return (
    <section class="panel" aria-labelledby="output-title">
      <h2 id="output-title">{pictures ? 'Draw a digit' : 'Predictions'}</h2>
      {pictures ? (
        <>
          <DrawingPad />
          <NeuronWeights />
        </>
      ) : (
        <>
          <div class="pair">
            <Plane regions={false} />
            <Plane regions />
          </div>
          <p class="hint">{planeHints[kind()]} Test points have a bold outline.</p>
          <PointControls />
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
                ? 'The squares in the first layer show the weights of each pixel.'
                : 'Each square shows the output of a neuron over the plane.'}{' '}
              Solid orange lines are positive weights, dashed blue lines negative weights; wider lines are larger
              weights. Point at a neuron or a line to see its values.
            </p>
          </section>
          <section class="panel" aria-labelledby="curves-title">
            <h2 id="curves-title">History</h2>
            <Curve what="Loss" />
            {kind() !== 'regression' && <Curve what="Score" />}
          </section>
        </div>
        <div class="column output">
          <Output />
          <RowPrediction />
          <EvaluationPanel />
          <Verify />
        </div>
      </div>
    </>
  )
}

function App() {
  const Lesson = lesson.value
  useEffect(() => {
    document.title = tab.value === 'learn' ? 'How a network learns: webgpu-mlp' : 'webgpu-mlp: watch a network learn'
  }, [tab.value])
  return (
    <>
      <Header />
      <main>
        {tab.value === 'play' && <Play />}
        {/* The lesson remains in the document, which keeps its state while the other tab is open. */}
        <div hidden={tab.value !== 'learn'}>{Lesson ? <Lesson /> : <p>Loading …</p>}</div>
      </main>
    </>
  )
}

connect()
render(<App />, document.getElementById('app')!)
