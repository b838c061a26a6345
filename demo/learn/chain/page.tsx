import { useMemo, useState } from 'preact/hooks'
import { Ending, openPage } from '../ending.tsx'
import { allZero, formatNumber, largest } from '../formulas.ts'
import { Chooser, NumberedList, Stepper, Suggestion } from '../parts.tsx'
import { useNarrow } from '../narrow.ts'
import { GraphDrawing } from './drawing.tsx'
import type { Badge } from './nodes.tsx'
import { endsOfParameter, type GraphEdge, graphOf, nameOfParameter, type Parameter } from './graph.ts'
import { chainData, chainSettings, computePass, initialLayers, minibatchesOf, type Sample } from './network.ts'
import { place } from './place.ts'
import type { Scene } from './scene.ts'
import { scenes } from './scenes.tsx'
import { initialTraining, Training, type TrainingState } from './training.tsx'
import './chain.css'

const classNames = ['outside', 'inside'] as const
const nameOf = ({ x, y }: Sample, i: number) =>
  `${i + 1}: ${classNames[y[0] === 1 ? 0 : 1]} at (${x.map((value) => value.toFixed(2).replace('-', '−')).join(', ')})`

/** The choices in the list of weights and biases, or of neurons. */
function choicesOf({ choices, wants }: Scene): { parameter: Parameter; text: string }[] {
  return choices.flatMap((layer) => {
    const [neurons, inputs] = layer === 1 ? [3, 2] : [2, 3]
    return Array.from({ length: neurons }, (_, to) => {
      if (wants === 'neuron') return [{ parameter: { layer, to, from: 0 }, text: `Hidden neuron ${to + 1}` }]
      const froms = [...Array.from({ length: inputs }, (_, from) => from), 'bias' as const]
      return froms.map((from) => {
        const parameter = { layer, to, from }
        return { parameter, text: `${from === 'bias' ? 'Bias' : 'Weight'} ${nameOfParameter(parameter).text}` }
      })
    }).flat()
  })
}

const same = (a: Parameter, b: Parameter, { wants }: Scene) =>
  a.layer === b.layer && a.to === b.to && (wants === 'neuron' || a.from === b.from)

function ParameterSelect({ scene, chosen, choose }: SelectProps) {
  const choices = choicesOf(scene)
  return (
    <NumberedList
      label={scene.wants === 'neuron' ? 'Neuron' : 'Weight or bias'}
      names={choices.map(({ text }) => text)}
      chosen={choices.findIndex(({ parameter }) => same(parameter, chosen, scene))}
      choose={(index) => {
        choose(choices[index]!.parameter)
      }}
    />
  )
}

interface SelectProps {
  scene: Scene
  chosen: Parameter
  choose: (parameter: Parameter) => void
}

/** The chosen parameter of each layer, and the layer that was chosen last. */
interface Choice {
  readonly 1: Parameter
  readonly 2: Parameter
  readonly layer: 1 | 2
}

/** The parameter that a scene shows: the one chosen last, in a layer that the scene is about. */
const parameterFor = ({ choices }: Scene, choice: Choice): Parameter =>
  choice[choices.includes(choice.layer) ? choice.layer : choices[0]!]

/** The derivation of backpropagation from the chain rule, with the values of a 2-3-2 network. */
export function ChainRule() {
  const data = useMemo(chainData, [])
  const minibatches = useMemo(() => minibatchesOf(data.train), [data])
  const [training, setTraining] = useState<TrainingState>(() => initialTraining(initialLayers(), data))
  const [stage, setStage] = useState(0)
  const [sampleIndex, setSample] = useState(0)
  const [choice, setChoice] = useState<Choice>({
    1: { layer: 1, to: 0, from: 0 },
    2: { layer: 2, to: 0, from: 0 },
    layer: 1,
  })
  const [lit, light] = useState<string | undefined>()
  const narrow = useNarrow()
  const scene = scenes[stage]!
  const { layers } = training
  const minibatch = minibatches[training.step % minibatches.length]!
  const chosen = Math.min(sampleIndex, minibatch.length - 1)
  const parameter = parameterFor(scene, choice)
  const choose = (next: Parameter) => {
    setChoice((before) => ({ ...before, [next.layer]: next, layer: next.layer }))
  }
  const pass = computePass(layers, minibatch[chosen]!)
  const graph = graphOf(layers, pass)
  const placement = place(graph, narrow)
  const props = { layers, pass, graph, parameter, minibatch, chosen, light: { lit, light } }
  const { biases, weights } = layers[parameter.layer - 1]!
  const value = parameter.from === 'bias' ? biases[parameter.to]! : weights[parameter.to]![parameter.from]!
  const badges: readonly Badge[] = scene.badges?.(props) ?? []
  const { Body } = scene
  const sizes = minibatch.map((sample) => Math.max(...computePass(layers, sample).deltas.flat().map(Math.abs)))
  const better = allZero([sizes[chosen]!]) ? largest(sizes) : undefined
  return (
    <>
      <div class="learn-columns chain">
        <section class="panel chain-figure" aria-labelledby="chain-title">
          <h2 id="chain-title">A 2-3-2 network as a graph</h2>
          <GraphDrawing
            graph={graph}
            placement={placement}
            paths={scene.paths(props)}
            parameter={
              scene.wants === 'parameter' && !scene.badges
                ? { name: nameOfParameter(parameter), value, ...endsOfParameter(parameter) }
                : undefined
            }
            badges={badges}
            label={`The graph of the network at the stage “${scene.title}”`}
            chooseEdge={(edge: GraphEdge) => {
              const next = parameterOf(edge)
              if (next && scene.choices.includes(next.layer)) choose(next)
            }}
            lit={lit}
            light={light}
          />
          <p class="hint">
            {scene.wants === 'parameter'
              ? 'A number at a line is a partial derivative: point at it to find it in the equations. Click a line to choose its weight.'
              : 'Point at a number to find it in the equations.'}
          </p>
        </section>
        <section class="panel stage" aria-label="Current stage of the chain rule">
          <Stepper
            names={scenes.map(({ name }) => name)}
            stage={stage}
            go={setStage}
            finish={{
              text: 'Next page',
              act: () => {
                openPage(3)
              },
            }}
          />
          <h3 aria-live="polite">
            <span class="number">Stage {stage + 1}</span> {scene.title}
          </h3>
          <div class="chain-choices">
            <ParameterSelect scene={scene} chosen={parameter} choose={choose} />
            <Chooser names={minibatch.map(nameOf)} chosen={chosen} choose={setSample} label="Sample of the minibatch" />
          </div>
          {better !== undefined && (
            <Suggestion
              text={`Show sample ${better + 1}`}
              act={() => {
                setSample(better)
              }}
            >
              The network has learned this sample: all of its derivatives are 0.000.
            </Suggestion>
          )}
          <Body {...props} />
          <p class="hint">Numbers are rounded for display.</p>
        </section>
      </div>
      <Training
        state={training}
        data={data}
        minibatches={minibatches}
        change={(next) => {
          setTraining(next)
          setSample(0)
        }}
      />
      <Ending
        page={2}
        run={{ ...chainSettings, hidden: [...chainSettings.hidden], activations: [...chainSettings.activations] }}
      >
        The button opens exactly this network: the same points, the same initial weights, minibatches of{' '}
        {chainSettings.batch}, the learning rate {formatNumber(chainSettings.learningRate).replace('.000', '')}. Or go
        on and follow one sample through a whole training step.
      </Ending>
    </>
  )
}

/** The weight at a line of the graph, which leads from `x1` or `a1_1` to `z1_2`. */
function parameterOf({ from, to }: GraphEdge): Parameter | undefined {
  const target = /^z([12])_(\d)$/.exec(to)
  const source = /(\d)$/.exec(from)
  if (!target || !source) return undefined
  return { layer: target[1] === '1' ? 1 : 2, to: Number(target[2]) - 1, from: Number(source[1]) - 1 }
}
