import { allZero, column, equation, factor, fixed, formatNumber, legible, matrix } from '../formulas.ts'
import { Inline, Tex } from '../tex.tsx'
import { Product } from './factors.tsx'
import { endsOfParameter, type Factor, named, nameOfParameter, nodeId, partial } from './graph.ts'
import { slope } from './network.ts'
import { pathsFrom } from './paths.ts'
import type { SceneProps } from './scene.ts'

/** A number for TeX, in parentheses if it is negative. */
const texNumber = (value: number) => factor(value, legible(value).replace('−', '-'))

/** The page about δ of the output layer: the part that the paths of all its weights share. */
export function DeltaNamed({ graph, pass, parameter, light }: SceneProps) {
  const i = parameter.to
  const delta = named('δ', 2, i)
  const name = nameOfParameter(parameter)
  const { input } = endsOfParameter(parameter)
  const given = graph.nodes.find(({ id }) => id === input)
  const value = pass.deltas[1]![i]!
  return (
    <>
      <p>
        Look at the paths again. Every path ends with the same two factors: from <Inline tex="z" /> of an output to its{' '}
        <Inline tex="a" />, and from there to <Inline tex="C" />. Their product is{' '}
        <Inline tex="\partial C / \partial z" />. All weights into the same output need it, so we compute it once and
        give it a name: <Inline tex="\delta" /> (delta).
      </p>
      {pass.deltas[1]!.map((value, n) => {
        const { factors } = pathsFrom(graph, nodeId('z', 2, n))[0]!
        const left = `${named('δ', 2, n).tex} = \\displaystyle\\frac{\\partial C}{\\partial ${named('z', 2, n).tex}} =`
        return (
          <Product
            key={n}
            factors={factors}
            value={value}
            tone={n}
            name={
              <span class="chain-left">
                <Inline tex={left} />
              </span>
            }
            light={light}
          />
        )
      })}
      <p>
        With <Inline tex="\delta" />, a derivative in the output layer is one multiplication. For a weight: its{' '}
        <Inline tex="\delta" /> times its input. For a bias, the input is 1.
      </p>
      <Tex
        tex={equation(
          `\\frac{\\partial C}{\\partial ${name.tex}}`,
          given ? `${delta.tex} \\cdot ${given.name.tex}` : `${delta.tex} \\cdot 1`,
          `${texNumber(value)} \\cdot ${given ? fixed(given.value) : '1'} = ${texNumber(value * (given?.value ?? 1))}`,
        )}
        label="The derivative from delta"
      />
      <p>The two paths of a hidden weight become shorter, too: each one ends with the δ of an output.</p>
      <Tex
        tex={
          '\\frac{\\partial C}{\\partial w^1_{jk}} = x_k \\cdot a^1_j(1 - a^1_j) \\cdot w^2_{1j} \\cdot \\delta^2_1 \\;+\\; x_k \\cdot a^1_j(1 - a^1_j) \\cdot w^2_{2j} \\cdot \\delta^2_2'
        }
        label="The derivative of a hidden weight"
      />
    </>
  )
}

/** The page about δ of the hidden layer, from the δ of the output layer. */
export function DeltaBackward({ graph, layers, pass, parameter, light }: SceneProps) {
  const j = parameter.to
  const [hidden, output] = pass.deltas
  const delta = named('δ', 1, j)
  const paths = pathsFrom(graph, nodeId('z', 1, j))
  const slopes = pass.values[0]!.a.map(slope)
  const { weights } = layers[1]!
  const transposed = [0, 1, 2].map((column) => weights.map((row) => row[column]!))
  const back = transposed.map((row) => row.reduce((sum, weight, i) => sum + weight * output![i]!, 0))
  const x = pass.sample.x[0]!
  return (
    <>
      <p>
        Do the same one layer earlier: let{' '}
        <Inline tex={`${delta.tex} = ${partial(delta, named('z', 1, j)).tex.replace(delta.tex, 'C')}`} />. From{' '}
        <Inline tex={named('z', 1, j).tex} /> there are two paths to the cost. But the end of each path is already
        known: it is the <Inline tex="\delta" /> of an output. Each path has three factors:
      </p>
      {paths.map(({ factors }, i) => {
        const known: Factor = {
          id: `δ2_${i + 1}`,
          symbol: named('δ', 2, i),
          formula: { tex: `\\partial C / \\partial ${named('z', 2, i).tex}`, text: `∂C/∂${named('z', 2, i).text}` },
          value: output![i]!,
        }
        const three = [...factors.slice(0, 2), known]
        return (
          <Product
            key={i}
            factors={three}
            value={three.reduce((product, { value }) => product * value, 1)}
            tone={i}
            name={<span class="chain-path-name">Path {i + 1}</span>}
            light={light}
          />
        )
      })}
      <p class="chain-total">
        <Inline
          tex={`${delta.tex} = a^1_{${j + 1}}(1 - a^1_{${j + 1}}) \\left( w^2_{1${j + 1}} \\delta^2_1 + w^2_{2${j + 1}} \\delta^2_2 \\right) = `}
        />{' '}
        <b class="result">{legible(hidden![j]!)}</b>
      </p>
      <p>
        This works for every layer: the <Inline tex="\delta" /> of a layer follows from the <Inline tex="\delta" /> of
        the next layer. The error moves backward through the weights, hence the name <b>backpropagation</b>. The work
        grows with the number of weights, and no longer with the number of paths.
      </p>
      <p>
        All neurons at once: <Inline tex="W^2" /> is the table of the weights of layer 2, one row for each output.{' '}
        <Inline tex="\top" /> swaps its rows and columns, and <Inline tex="\odot" /> multiplies entry by entry.
      </p>
      <Tex
        tex={equation(
          '\\boldsymbol{\\delta}^1',
          "\\bigl((W^2)^\\top \\boldsymbol{\\delta}^2\\bigr) \\odot \\sigma'(\\mathbf{z}^1)",
          `\\left(${matrix(transposed)} ${column(output!)}\\right) \\odot ${column(slopes)}`,
          `${column(back)} \\odot ${column(slopes)} = ${column(hidden!)}`,
        )}
        label="Delta of the hidden layer"
      />
      <p>
        The derivatives of the weights are again <Inline tex="\delta" /> times input. For example,{' '}
        <Inline tex={`\\partial C / \\partial w^1_{${j + 1}1} = ${delta.tex} \\cdot x_1`} /> = {legible(hidden![j]!)} ·{' '}
        {x < 0 ? `(${formatNumber(x)})` : formatNumber(x)} = <b>{legible(hidden![j]! * x)}</b>.
      </p>
      {allZero(hidden!) && <p class="hint">This sample has hardly any error left, so every δ is close to 0.</p>}
      <Summary />
    </>
  )
}

/** The four equations of backpropagation, for any number of layers. */
const Summary = () => (
  <div class="chain-note">
    <b>Backpropagation in four equations.</b> <Inline tex="L" /> is the last layer, <Inline tex="l" /> any layer before
    it.
    <Tex
      tex={
        "\\begin{aligned}\\boldsymbol{\\delta}^L &= \\frac{\\partial C}{\\partial \\mathbf{a}^L} \\odot \\sigma'(\\mathbf{z}^L) & \\boldsymbol{\\delta}^l &= \\bigl((W^{l+1})^\\top \\boldsymbol{\\delta}^{l+1}\\bigr) \\odot \\sigma'(\\mathbf{z}^l) \\\\[6pt] \\frac{\\partial C}{\\partial w^l_{ij}} &= \\delta^l_i \\, a^{l-1}_j & \\frac{\\partial C}{\\partial b^l_i} &= \\delta^l_i\\end{aligned}"
      }
      label="The four equations of backpropagation"
    />
  </div>
)
