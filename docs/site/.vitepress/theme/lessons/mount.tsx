import { type ComponentType, render } from 'preact'
import katexStyle from 'katex/dist/katex.min.css?inline'
import chainStyle from '../../../../../demo/learn/chain/chain.css?inline'
import { ChainRule } from '../../../../../demo/learn/chain/page.tsx'
import formulasStyle from '../../../../../demo/learn/formulas.css?inline'
import { TwoLayers } from '../../../../../demo/learn/layers.tsx'
import layoutStyle from '../../../../../demo/learn/layout.css?inline'
import learnStyle from '../../../../../demo/learn/learn.css?inline'
import networkStyle from '../../../../../demo/learn/network.css?inline'
import { OneNeuron } from '../../../../../demo/learn/neuron.tsx'
import plotStyle from '../../../../../demo/learn/plot.css?inline'
import repetitionStyle from '../../../../../demo/learn/repetition.css?inline'
import stagesStyle from '../../../../../demo/learn/stages.css?inline'
import pageStyle from '../../../../../demo/style.css?inline'

/** The lessons of the demo page. */
const lessons: Record<string, ComponentType> = { neuron: OneNeuron, chain: ChainRule, layers: TwoLayers }

const styles = [
  pageStyle,
  katexStyle,
  learnStyle,
  formulasStyle,
  plotStyle,
  networkStyle,
  stagesStyle,
  repetitionStyle,
  chainStyle,
  layoutStyle,
]

/** Styles of a page, for a part of another page: those of the whole page are those of the part. */
const scoped = (style: string) => style.replace(/:root(?:\[data-theme=[^\]]*\])?/g, ':host')

/** Renders a lesson in a shadow tree, so that its styles and those of the site do not change each other. */
export function mountLesson(element: HTMLElement): void {
  const Lesson = lessons[element.dataset.lesson ?? '']
  if (!Lesson || element.shadowRoot) return
  const shadow = element.attachShadow({ mode: 'open' })
  const style = document.createElement('style')
  style.textContent = `${styles.map(scoped).join('\n')}
:host { display: block; color-scheme: inherit !important; background: none; }
.learn-columns { grid-template-columns: minmax(0, 1fr) !important; }
.learn-columns > :first-child { position: static !important; }`
  const root = document.createElement('div')
  root.className = 'learn'
  shadow.append(style, root)
  render(<Lesson />, root)
}
