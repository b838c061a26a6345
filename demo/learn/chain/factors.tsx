import type { ComponentChildren } from 'preact'
import { legible } from '../formulas.ts'
import { Inline } from '../tex.tsx'
import { type Light, pointing } from './light.ts'
import type { Factor, Name } from './graph.ts'
import type { Path } from './paths.ts'

/** One factor of a product: its symbol, how it is computed, and its value. Pointing at it highlights its line. */
export function FactorCard({ factor, light }: { factor: Factor; light: Light }) {
  const { id, symbol, formula, value } = factor
  return (
    <button
      type="button"
      class={light.lit === id ? 'chain-card lit' : 'chain-card'}
      data-factor={id}
      {...pointing(id, light)}
      onClick={() => {
        light.light(id)
      }}
    >
      <span class="chain-words">{`${symbol.text} = ${formula.text} = ${legible(value)}`}</span>
      <span class="symbol" aria-hidden="true">
        <Inline tex={`\\displaystyle ${symbol.tex}`} />
      </span>
      <span class="formula" aria-hidden="true">
        <Inline tex={formula.tex} />
      </span>
      <span class="value" aria-hidden="true">
        {legible(value)}
      </span>
    </button>
  )
}

/** A product as cards with dots between them, and its value. */
export function Product({ factors, value, name, tone, light }: ProductProps) {
  return (
    <div class={tone === undefined ? 'chain-product' : `chain-product path-${tone + 1}`}>
      {name}
      {factors.map((factor, i) => (
        <span class="chain-term" key={`${factor.id}-${i}`}>
          {i > 0 && <span class="operator">·</span>}
          <FactorCard factor={factor} light={light} />
        </span>
      ))}
      <span class="chain-term">
        <span class="operator">=</span>
        <b class="result">{legible(value)}</b>
      </span>
    </div>
  )
}

interface ProductProps {
  factors: readonly Factor[]
  value: number
  name?: ComponentChildren
  /** The index of the path, which has a colour. */
  tone?: number | undefined
  light: Light
}

/** ∂C/∂w as the sum over the paths: one line for each path, and their sum. */
export function SumOverPaths({
  of,
  paths,
  sum,
  light,
}: {
  of: Name
  paths: readonly Path[]
  sum: number
  light: Light
}) {
  const several = paths.length > 1
  return (
    <div class="chain-sum">
      {paths.map(({ factors, product }, i) => (
        <Product
          key={i}
          factors={factors}
          value={product}
          tone={i}
          name={
            several ? (
              <span class="chain-path-name">Path {i + 1}</span>
            ) : (
              <span class="chain-left">
                <Inline tex={`\\displaystyle\\frac{\\partial C}{\\partial ${of.tex}} =`} />
              </span>
            )
          }
          light={light}
        />
      ))}
      {several && (
        <p class="chain-total">
          <Inline tex={`\\displaystyle\\frac{\\partial C}{\\partial ${of.tex}} = `} />{' '}
          {paths.map(({ product }, i) => (
            <span key={i}>
              {i > 0 && ' + '}
              <b class={`tone path-${i + 1}`}>{product < 0 && i > 0 ? `(${legible(product)})` : legible(product)}</b>
            </span>
          ))}{' '}
          = <b class="result">{legible(sum)}</b>
        </p>
      )}
    </div>
  )
}
