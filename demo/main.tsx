import { computed, effect, signal } from '@preact/signals'
import { type ComponentType, render } from 'preact'
import { Challenges } from './challenges/challenges.tsx'
import { Curves } from './curves.tsx'
import { DataControls, FilePanel } from './data.tsx'
import { Diagram } from './diagram.tsx'
import { EvaluationPanel } from './evaluation.tsx'
import { Inputs } from './inputs.tsx'
import { LayerCount } from './layer-buttons.tsx'
import { Bar } from './layout/bar.tsx'
import { Header } from './layout/header.tsx'
import { Messages } from './layout/messages.tsx'
import { MoreSettings } from './layout/more.tsx'
import { Output } from './layout/output.tsx'
import { PageNotes } from './layout/page-notes.tsx'
import { RowPrediction } from './row.tsx'
import { Saving } from './saving.tsx'
import { Embedded } from './share/embedded.tsx'
import { isEmbedded } from './share/address.ts'
import { startRecording } from './share/moment.ts'
import { connect, kind, settings } from './state.ts'
import { Story } from './story.tsx'
import { Term } from './terms/term.tsx'
import { Timeline } from './timeline.tsx'
import { TryThis } from './try.tsx'
import { Verify } from './verify.tsx'
import './style.css'
import './file.css'
import './output.css'
import './layout.css'

/** The lesson and the wall, which are loaded when their tabs are opened for the first time. */
const lesson = signal<ComponentType | undefined>(undefined)
const wall = signal<ComponentType | undefined>(undefined)
const tab = computed(() => settings.value.tab)
effect(() => {
  if (tab.value !== 'learn' || lesson.peek()) return
  void import('./learn/learn.tsx').then(({ default: loaded }) => {
    lesson.value = loaded
  })
})
effect(() => {
  if (tab.value !== 'wall' || wall.peek()) return
  void import('./sweep/wall.tsx').then(({ default: loaded }) => {
    wall.value = loaded
  })
})

function NetworkPart() {
  return (
    <section class="part network" aria-labelledby="network-title">
      <div class="network-head">
        <h2 id="network-title">Network</h2>
        <LayerCount />
      </div>
      <p class="hint">
        {kind() === 'images' ? (
          <>
            Each picture shows the weights of a <Term name="neuron">neuron</Term>, one for each pixel.
          </>
        ) : (
          <>
            Each square shows the output of a <Term name="neuron">neuron</Term> over the plane.
          </>
        )}{' '}
        Wider lines are larger <Term name="weight">weights</Term>; dashed lines are negative.
      </p>
      <Diagram />
    </section>
  )
}

/** The first screen: the data on the left become predictions on the right. Below it: details. */
function Play() {
  return (
    <>
      <div class="screen">
        <Bar />
        <MoreSettings />
        <Timeline />
        <PageNotes />
        <Messages />
        <DataControls />
        <Inputs />
        <NetworkPart />
        <Output />
        <TryThis />
      </div>
      <Story />
      <div class="below">
        <FilePanel />
        <section class="panel" aria-labelledby="curves-title">
          <h2 id="curves-title">History</h2>
          <Curves />
        </section>
        <EvaluationPanel />
        <RowPrediction />
        <section class="panel" aria-labelledby="saving-title">
          <h2 id="saving-title">Save</h2>
          <Saving />
        </section>
        <Verify />
        <Challenges />
      </div>
    </>
  )
}

function App() {
  const Lesson = lesson.value
  const Wall = wall.value
  return (
    <>
      <Header />
      <main>
        {tab.value === 'play' && <Play />}
        {tab.value === 'wall' && (Wall ? <Wall /> : <p class="loading">Loading …</p>)}
        {/* The lesson remains in the document, which keeps its state while the other tab is open. */}
        <div class="lesson" hidden={tab.value !== 'learn'}>
          {Lesson ? <Lesson /> : <p>Loading …</p>}
        </div>
      </main>
    </>
  )
}

// Inside another page, storage may belong to that page's visitors, and there is no place for a question.
const embedded = isEmbedded(location.href)
connect({ keeps: !embedded })
startRecording()
render(embedded ? <Embedded /> : <App />, document.getElementById('app')!)
