import { render } from 'preact'
import { DataControls, NetworkControls, Transport } from './controls.tsx'
import { Curve } from './curves.tsx'
import { Diagram, LayerCount } from './diagram.tsx'
import { Plane } from './regions.tsx'
import { Saving } from './saving.tsx'
import { Status } from './status.tsx'
import { Verify } from './verify.tsx'
import { problemsFound } from './state.ts'
import 'uplot/dist/uPlot.min.css'
import './style.css'

function App() {
  return (
    <>
      <header>
        <h1>webgpu-mlp</h1>
        <p>A neural network that learns on your own GPU, while you watch.</p>
      </header>
      <main>
        <Status />
        <Transport />
        <div class="notices" role="status">
          {problemsFound.value.map((text) => (
            <p key={text}>{text}</p>
          ))}
        </div>
        <div class="columns">
          <div class="column">
            <DataControls />
            <NetworkControls />
          </div>
          <div class="column network">
            <section class="panel" aria-labelledby="network-title">
              <h2 id="network-title">Network</h2>
              <LayerCount />
              <div class="scroll">
                <Diagram />
              </div>
              <p class="hint">
                Each square shows what a neuron answers over the plane. Orange, solid lines are positive weights, blue,
                dashed ones negative; wide ones are large. Point at anything for its exact value.
              </p>
            </section>
            <section class="panel" aria-labelledby="curves-title">
              <h2 id="curves-title">How it went</h2>
              <Curve what="Loss" />
              <Curve what="Score" />
            </section>
          </div>
          <div class="column">
            <section class="panel" aria-labelledby="output-title">
              <h2 id="output-title">What it makes of the data</h2>
              <div class="pair">
                <Plane regions={false} />
                <Plane regions />
              </div>
              <p class="hint">Circles are one class, squares the other; held-out points have a stronger rim.</p>
              <Saving />
            </section>
            <Verify />
          </div>
        </div>
      </main>
    </>
  )
}

render(<App />, document.getElementById('app')!)
