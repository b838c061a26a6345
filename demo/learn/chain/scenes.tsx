import { Inline } from '../tex.tsx'
import { DeltaBackward, DeltaNamed } from './delta.tsx'
import type { Badge } from './nodes.tsx'
import { FactorCard, SumOverPaths } from './factors.tsx'
import { type Factor, type Graph, named, nameOfParameter, nodeId } from './graph.ts'
import { MeanOfMinibatch } from './mean.tsx'
import type { Scene, SceneProps } from './scene.ts'
import { pathsFrom, pathsOfParameter, sumOf } from './paths.ts'

/** The calculation of one node, as a card. */
const forwardCard = (graph: Graph, id: string, tex: string, text: string): Factor => {
  const { name, value } = graph.nodes.find((node) => node.id === id)!
  return { id, symbol: name, formula: { tex, text }, value }
}

function Forward({ graph, parameter, light }: SceneProps) {
  const j = parameter.to
  const n = j + 1
  const z = named('z', 1, j)
  const cards = [
    forwardCard(
      graph,
      nodeId('z', 1, j),
      `w^1_{${n}1} x_1 + w^1_{${n}2} x_2 + b^1_{${n}}`,
      'the weighted sum of the inputs, plus the bias',
    ),
    forwardCard(graph, nodeId('a', 1, j), `\\sigma(${z.tex})`, `σ(${z.text})`),
    forwardCard(
      graph,
      nodeId('z', 2, 0),
      'w^2_{11} a^1_1 + w^2_{12} a^1_2 + w^2_{13} a^1_3 + b^2_1',
      'the weighted sum of the hidden activations, plus the bias',
    ),
    forwardCard(graph, nodeId('a', 2, 0), '\\sigma(z^2_1)', 'σ(z²₁)'),
    forwardCard(
      graph,
      'C',
      '\\tfrac12 (a^2_1 - y_1)^2 + \\tfrac12 (a^2_2 - y_2)^2',
      'half of the sum of the squared errors',
    ),
  ]
  return (
    <>
      <p>
        Every circle is one number, computed from the circles before it. The calculation begins with{' '}
        <Inline tex="x_1" /> and <Inline tex="x_2" />, the coordinates of the point, and ends with the cost{' '}
        <Inline tex="C" />. Point at a circle or a card: the other one lights up, too.
      </p>
      <p>
        A neuron multiplies each of its inputs by a <b>weight</b> <Inline tex="w" />, adds the products, and adds its{' '}
        <b>bias</b> <Inline tex="b" />. The sum is the <b>weighted input</b> <Inline tex="z" />. The sigmoid function{' '}
        <Inline tex="\sigma(z) = 1 / (1 + e^{-z})" /> turns it into a number between 0 and 1: the <b>activation</b>{' '}
        <Inline tex="a" />.
      </p>
      <p class="chain-note">
        <b>How to read the small numbers.</b> The upper number is the layer; it is not a power. The lower number is the
        neuron. <Inline tex="z^2_1" /> is the weighted input of neuron 1 in layer 2. A weight has two lower numbers:{' '}
        <Inline tex="w^2_{13}" /> leads <em>to</em> neuron 1 of layer 2 <em>from</em> neuron 3 of layer 1.
      </p>
      <p>
        <Inline tex="y_i" /> is the <b>target</b>: what output <Inline tex="i" /> should be. It is 1 for the class of
        the point, and 0 for the other class. The <b>cost</b> <Inline tex="C" /> measures how far the outputs are from
        the targets. Training makes it small.
      </p>
      <div class="chain-list">
        {cards.map((card) => (
          <FactorCard key={card.id} factor={card} light={light} />
        ))}
      </div>
    </>
  )
}

function OnePath({ graph, parameter, light }: SceneProps) {
  const name = nameOfParameter(parameter)
  const paths = pathsOfParameter(graph, parameter)
  return (
    <>
      <p>
        How does the cost change if <Inline tex={name.tex} /> becomes a little larger? The answer is a{' '}
        <b>partial derivative</b>, written <Inline tex={`\\partial C / \\partial ${name.tex}`} />: the change of{' '}
        <Inline tex="C" /> per change of <Inline tex={name.tex} />, while all other weights and biases stay the same.
      </p>
      <p>
        <Inline tex={name.tex} /> changes <Inline tex={named('z', 2, parameter.to).tex} />, which changes{' '}
        <Inline tex={named('a', 2, parameter.to).tex} />, which changes <Inline tex="C" />. The <b>chain rule</b> says:
        multiply the derivatives of these three steps. Each factor is the number at one line of the drawing.
      </p>
      <SumOverPaths of={name} paths={paths} sum={sumOf(paths)} light={light} />
      <p>
        The derivative of <Inline tex="\sigma" /> is <Inline tex="\sigma'(z) = a(1 - a)" />. The derivative of{' '}
        <Inline tex="\tfrac12 (a - y)^2" /> is <Inline tex="a - y" />: the factor ½ of the cost cancels the 2.
      </p>
      <Meaning name={name.text} value={sumOf(paths)} />
    </>
  )
}

/** Says in words what the sign of a derivative means. */
function Meaning({ name, value }: { name: string; value: number }) {
  const up = value > 0
  return (
    <p>
      The result is {up ? 'positive' : 'negative'}: a larger {name} makes the cost {up ? 'larger' : 'smaller'}. So
      training makes {name} {up ? 'smaller' : 'larger'}.
    </p>
  )
}

function TwoPaths({ graph, parameter, light }: SceneProps) {
  const name = nameOfParameter(parameter)
  const paths = pathsOfParameter(graph, parameter)
  const a = named('a', 1, parameter.to).tex
  return (
    <>
      <p>
        A weight of the hidden layer is farther from the cost. <Inline tex={name.tex} /> changes <Inline tex={a} />, and{' '}
        <Inline tex={a} /> is an input of <em>both</em> outputs. So the change reaches <Inline tex="C" /> along two
        paths: <b class="tone path-1">path 1</b> through output 1, <b class="tone path-2">path 2</b> through output 2.
      </p>
      <p>
        Multiply the derivatives <b>along</b> each path, then <b>add</b> the paths.
      </p>
      <SumOverPaths of={name} paths={paths} sum={sumOf(paths)} light={light} />
      <p>
        Here there are only {paths.length} paths. In a network with 10 layers of 10 neurons, each weight of the first
        layer has a billion paths. The next two steps show how to avoid computing them one by one.
      </p>
    </>
  )
}

const deltaBadge = ({ pass }: SceneProps, layer: 1 | 2, i: number): Badge => ({
  id: `δ${layer}_${i + 1}`,
  node: nodeId('z', layer, i),
  name: named('δ', layer, i),
  value: pass.deltas[layer - 1]![i]!,
})

const both = [0, 1]

export const scenes: readonly Scene[] = [
  {
    title: 'From the inputs to the cost',
    name: 'Forward',
    choices: [1],
    wants: 'neuron',
    paths: () => [],
    Body: Forward,
  },
  {
    title: 'One path: a weight of the output layer',
    name: 'One path',
    choices: [2],
    wants: 'parameter',
    paths: ({ graph, parameter }) => pathsOfParameter(graph, parameter).map(({ factors }) => factors),
    Body: OnePath,
  },
  {
    title: 'Two paths: a weight of the hidden layer',
    name: 'Two paths',
    choices: [1],
    wants: 'parameter',
    paths: ({ graph, parameter }) => pathsOfParameter(graph, parameter).map(({ factors }) => factors),
    Body: TwoPaths,
  },
  {
    title: 'What the paths share gets a name: δ',
    name: 'Delta',
    choices: [2],
    wants: 'parameter',
    paths: ({ graph }) => both.map((i) => pathsFrom(graph, nodeId('z', 2, i))[0]!.factors),
    badges: (props) => both.map((i) => deltaBadge(props, 2, i)),
    Body: DeltaNamed,
  },
  {
    title: 'From the δ of one layer to the δ of the layer before',
    name: 'Backward',
    choices: [1],
    wants: 'neuron',
    paths: ({ graph, parameter }) =>
      pathsFrom(graph, nodeId('z', 1, parameter.to)).map(({ factors }) => factors.slice(0, 2)),
    badges: (props) => [...both.map((i) => deltaBadge(props, 2, i)), deltaBadge(props, 1, props.parameter.to)],
    Body: DeltaBackward,
  },
  {
    title: 'All samples of a minibatch: the mean',
    name: 'Mean',
    choices: [1, 2],
    wants: 'parameter',
    paths: ({ graph, parameter }) => pathsOfParameter(graph, parameter).map(({ factors }) => factors),
    Body: MeanOfMinibatch,
  },
]
