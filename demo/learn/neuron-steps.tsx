import { useState } from 'preact/hooks'
import { GraphDrawing } from './chain/drawing.tsx'
import { Product } from './chain/factors.tsx'
import { neuronGraph } from './chain/graph.ts'
import { neuronParameters, pathOfNeuron } from './chain/paths.ts'
import { place } from './chain/place.ts'
import { assignment, column, equation, factor, fixed, legible, precise, short, symbols, term } from './formulas.ts'
import { descend, evaluateNeuron, gradientOf, type Point, sampleGradient, type SingleNeuron } from './lesson.ts'
import { useNarrow } from './narrow.ts'
import { Steps } from './parts.tsx'
import { Inline } from './tex.tsx'

export const nameOf = ({ y }: Point) => (y === 1 ? 'square' : 'circle')
export const list = ({ weights, bias }: SingleNeuron) => [...weights, bias]

interface StepsProps {
  neuron: SingleNeuron
  points: readonly Point[]
  chosen: number
  rate: number
}

type Index = 0 | 1 | 2
const indices = [0, 1, 2] as const

/** The path from a weight or the bias to the cost of one point: three factors, in a drawing and as cards. */
function ChainOfNeuron({ neuron, point }: { neuron: SingleNeuron; point: Point }) {
  const [index, setIndex] = useState<Index>(0)
  const [lit, light] = useState<string | undefined>()
  const narrow = useNarrow()
  const graph = neuronGraph(neuron, point)
  const path = pathOfNeuron(graph, index)
  const name = neuronParameters[index]!
  const { delta } = sampleGradient(neuron, point)
  return (
    <>
      <div class="row" role="group" aria-label="Derivative with respect to">
        {indices.map((i) => (
          <button
            type="button"
            key={i}
            aria-pressed={i === index}
            onClick={() => {
              setIndex(i)
            }}
          >
            {neuronParameters[i]!.text}
          </button>
        ))}
      </div>
      <GraphDrawing
        graph={graph}
        placement={place(graph, narrow)}
        paths={[path.factors]}
        parameter={{
          name,
          value: list(neuron)[index]!,
          z: 'z',
          input: index === 2 ? undefined : `x${index + 1}`,
        }}
        label={`The path from ${name.text} to the cost`}
        chooseEdge={({ from }) => {
          if (from === 'x1' || from === 'x2') setIndex(from === 'x1' ? 0 : 1)
        }}
        lit={lit}
        light={light}
      />
      <Product
        factors={path.factors}
        value={path.product}
        tone={0}
        name={
          <span class="chain-left">
            <Inline tex={`\\displaystyle\\frac{\\partial C_i}{\\partial ${name.tex}} =`} />
          </span>
        }
        light={{ lit, light }}
      />
      <p>
        The last two factors are the same for all three parameters. Their product has a name, <Inline tex="\delta" />{' '}
        (delta): <Inline tex={`\\delta = -2(y - a) \\cdot a(1 - a) = ${legible(delta).replace('−', '-')}`} />.
      </p>
    </>
  )
}

/** The formulas from the chosen point to the update, with the current values. */
export function NeuronSteps({ neuron, points, chosen, rate }: StepsProps) {
  const point = points[chosen]!
  const [x1, x2] = point.x
  const [w1, w2] = neuron.weights
  const { z, a } = evaluateNeuron(neuron, point.x)
  const gradient = gradientOf(neuron, points)
  const parameters = symbols('w_1', 'w_2', 'b')
  const n = points.length
  const correct = a > 0.5 === (point.y === 1)
  const derivatives = symbols(...neuronParameters.map(({ tex }) => `\\partial C / \\partial ${tex}`))
  return (
    <Steps
      steps={[
        {
          title: 'The weighted sum z',
          why: (
            <>
              The neuron multiplies each coordinate of the point by a weight, <Inline tex="x_1" /> by{' '}
              <Inline tex="w_1" /> and <Inline tex="x_2" /> by <Inline tex="w_2" />, and adds its bias{' '}
              <Inline tex="b" />. On the black line, the sum <Inline tex="z" /> is 0.
            </>
          ),
          tex: [
            equation(
              'z',
              'w_1 x_1 + w_2 x_2 + b',
              `${fixed(w1)} \\cdot ${factor(x1)} ${term(w2)} \\cdot ${factor(x2)} ${term(neuron.bias)}`,
              fixed(z),
            ),
          ],
        },
        {
          title: 'The activation a',
          why: (
            <>
              The sigmoid function <Inline tex="\sigma" /> turns <Inline tex="z" /> into a number between 0 and 1, the
              activation <Inline tex="a" /> (<Inline tex="e" /> is the number 2.718…). Above ½ the neuron predicts
              “square”, below ½ “circle”.
            </>
          ),
          tex: [equation('a', '\\sigma(z) = \\frac{1}{1 + e^{-z}}', fixed(a))],
        },
        {
          title: 'The cost of this point',
          why: (
            <>
              The target <Inline tex="y" /> is what <Inline tex="a" /> should be. This point is a {nameOf(point)}, so{' '}
              <Inline tex={`y = ${point.y}`} />. It is on the {correct ? 'correct' : 'wrong'} side of the line
              {correct && ', and its cost can still become smaller'}. The cost <Inline tex="C_i" /> of point{' '}
              <Inline tex="i" /> is the square of the error: it is never negative.
            </>
          ),
          tex: [equation('C_i', '(y - a)^2', `(${point.y} - ${fixed(a)})^2 = ${legible((point.y - a) ** 2)}`)],
        },
        {
          title: 'The chain rule: one factor for each step',
          why: (
            <>
              How does the cost change if a weight becomes a little larger? <Inline tex="w_1" /> changes{' '}
              <Inline tex="z" />, which changes <Inline tex="a" />, which changes the cost. The chain rule says:
              multiply the derivatives of these three steps. <Inline tex="\partial a / \partial z" /> means: the change
              of <Inline tex="a" /> per change of <Inline tex="z" />. Point at a factor to see its line.
            </>
          ),
          tex: [],
          content: <ChainOfNeuron neuron={neuron} point={point} />,
        },
        {
          title: `The mean over all ${n} points`,
          why: (
            <>
              The cost <Inline tex="C" /> of all points is the mean of their costs. So its derivatives are means, too:
              add the derivatives of all <Inline tex={`n = ${n}`} /> points and divide by <Inline tex="n" />.
            </>
          ),
          tex: [
            equation(
              `\\frac{\\partial C}{\\partial w_j}`,
              '\\frac1n \\sum_{i=1}^{n} -2\\,(y - a) \\cdot a(1 - a) \\cdot x_j',
            ),
            `${derivatives} = ${column(list(gradient), precise)}`,
          ],
        },
        {
          title: 'The update',
          why: (
            <>
              Each parameter moves against its derivative, which makes the cost smaller. The learning rate{' '}
              <Inline tex="\eta" /> (eta) says how far. The arrow means “becomes”. Minus times minus is plus, so the
              formula begins with plus. For the bias, the input is 1.
            </>
          ),
          tex: [
            assignment(
              'w_j',
              `w_j - \\eta\\,\\frac{\\partial C}{\\partial w_j} = w_j + \\frac{\\eta}{n} \\sum 2\\,(y - a) \\cdot a(1 - a) \\cdot x_j`,
            ),
            assignment(
              parameters,
              `${column(list(neuron))} - ${short(rate)} ${column(list(gradient), precise)} = ${column(list(descend(neuron, points, rate)))}`,
            ),
          ],
        },
      ]}
    />
  )
}
