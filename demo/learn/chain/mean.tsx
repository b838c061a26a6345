import { assignment, legible, short } from '../formulas.ts'
import { Inline, Tex } from '../tex.tsx'
import { named, nameOfParameter } from './graph.ts'
import { chainSettings, computePass, meanGradient } from './network.ts'
import type { SceneProps } from './scene.ts'

const signed = (value: number) => legible(value).replace('−', '-')

/** The mean of the derivatives over the samples of a minibatch, and the step that follows from it. */
export function MeanOfMinibatch({ layers, minibatch, parameter, chosen }: SceneProps) {
  const { layer, to, from } = parameter
  const name = nameOfParameter(parameter)
  const delta = named('δ', layer, to)
  const input = from === 'bias' ? undefined : layer === 1 ? named('x', undefined, from) : named('a', 1, from)
  const rows = minibatch.map((sample) => {
    const { deltas, values } = computePass(layers, sample)
    const given = from === 'bias' ? 1 : layer === 1 ? sample.x[from]! : values[0]!.a[from]!
    const d = deltas[layer - 1]![to]!
    return { d, given, product: d * given }
  })
  const gradient = meanGradient(layers, minibatch)[layer - 1]!
  const mean = from === 'bias' ? gradient.biases[to]! : gradient.weights[to]![from]!
  const before = from === 'bias' ? layers[layer - 1]!.biases[to]! : layers[layer - 1]!.weights[to]![from]!
  const { learningRate } = chainSettings
  return (
    <>
      <p>
        One point alone is a poor guide. So the network takes a small group of points, a <b>minibatch</b> of{' '}
        <Inline tex={`n = ${minibatch.length}`} />, computes the derivative for each one, and uses the <b>mean</b>: the
        sum divided by <Inline tex="n" />.
      </p>
      <div class="chain-table">
        <table>
          <caption class="hint">The derivative with respect to {name.text} for each sample of the minibatch</caption>
          <thead>
            <tr>
              <th scope="col">Sample</th>
              <th scope="col">{delta.text}</th>
              <th scope="col">· {input?.text ?? '1'}</th>
              <th scope="col">= ∂C/∂{name.text}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ d, given, product }, i) => (
              <tr key={i} aria-current={i === chosen}>
                <th scope="row">{i + 1}</th>
                <td>{legible(d)}</td>
                <td>{legible(given)}</td>
                <td>{legible(product)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={3}>
                Mean
              </th>
              <td>
                <b>{legible(mean)}</b>
              </td>
            </tr>
          </tfoot>
        </table>
      </div>
      <p>
        One step of training moves the weight against the slope of the cost. The <b>learning rate</b>{' '}
        <Inline tex="\eta" /> (eta) says how far: here <Inline tex={`\\eta = ${learningRate}`} />. The arrow{' '}
        <Inline tex="\leftarrow" /> means “becomes”.
      </p>
      <Tex
        tex={assignment(
          name.tex,
          `${name.tex} - \\eta \\cdot \\frac1n \\sum \\frac{\\partial C}{\\partial ${name.tex}}`,
          `${signed(before)} - ${short(learningRate)} \\cdot ${mean < 0 ? `(${signed(mean)})` : signed(mean)} = ${signed(before - learningRate * mean)}`,
        )}
        label="The update of the parameter"
      />
      <p>
        All weights and biases change at the same time. Then the next minibatch follows. When every training point has
        been used once, an <b>epoch</b> is complete, and the network is scored: how many points does it classify
        correctly?
      </p>
      <p class="hint">
        In the library, <code>trainer.gradients(inputs, targets)</code> returns these means for all weights and biases.
      </p>
    </>
  )
}
