import { type Optimizer, type SweepOptions } from '../../index.ts'
import { count } from '../output.ts'
import type { CheckedAxes } from './axes.ts'

type Values = readonly unknown[] | object | string | number | boolean | undefined

/** How many values an option has: none and one are the same; those of a range have no number. */
const countOf = (values: Values): number =>
  Array.isArray(values) ? values.length : typeof values === 'object' ? Infinity : 1

/** The settings of a sweep that differ between its networks, in their order. */
export function variedNames({ axes, schedules, activationsAs }: CheckedAxes, sizes: SweepOptions['sizes']): string[] {
  const rules = axes.optimizer as readonly Optimizer[]
  const differ = (of: (rule: Optimizer) => unknown) => new Set(rules.map(of)).size > 1
  const rates = new Set([...schedules.values()].map(({ rate }) => rate))
  const forms = new Set([...schedules.values()].map(({ text }) => text))
  const numbers = countOf(axes.learningRate) > 1
  const varied: Record<string, boolean> = {
    layers: sizes.length > 1,
    activation: countOf(axes.activation) > 1 || countOf(axes.activations) > 1,
    hidden: activationsAs === 'hiddenAndOutput' && countOf(axes.hidden) > 1,
    output: activationsAs === 'hiddenAndOutput' && (countOf(axes.output) > 1 || axes.loss.length > 1),
    init: countOf(axes.init) > 1,
    loss: axes.loss.length > 1,
    optimizer: differ(({ name }) => name),
    learningRate: schedules.size > 0 ? rates.size > 1 : numbers || (!axes.learningRate && differ((rule) => rule.learningRate)), // prettier-ignore
    schedule: forms.size > 1 || (forms.size > 0 && schedules.size < countOf(axes.learningRate)),
    momentum: differ(({ momentum }) => momentum),
    weightDecay: differ(({ weightDecay }) => weightDecay),
    clipNorm: differ(({ clipNorm }) => clipNorm),
    batchSize: countOf(axes.batchSize) > 1,
    l1: countOf(axes.l1) > 1,
    l2: countOf(axes.l2) > 1,
    dropout: countOf(axes.dropout) > 1,
    epochs: countOf(axes.epochs) > 1,
  }
  return Object.keys(varied).filter((name) => varied[name])
}

/** '2 shapes × 32 learning rates × 32 seeds', for people; the values of ranges are not counted. */
export function describeFactors({ axes }: CheckedAxes, sizes: SweepOptions['sizes'], seeds: number): string {
  const counts: [Values, string][] = [
    [sizes, 'shapes'],
    [axes.activation, 'activations'],
    [axes.activations, 'lists of activations'],
    [axes.hidden, 'hidden activations'],
    [axes.output, 'output activations'],
    [axes.init, 'initializations'],
    [axes.loss, 'losses'],
    [axes.optimizer, 'optimizers'],
    [axes.learningRate, 'learning rates'],
    [axes.batchSize, 'batch sizes'],
    [axes.l1, 'l1 penalties'],
    [axes.l2, 'l2 penalties'],
    [axes.dropout, 'shares of dropout'],
    [axes.epochs, 'numbers of epochs'],
  ]
  const parts = counts.flatMap(([values, name]) => {
    const number = countOf(values)
    return number < 2 ? [] : [number === Infinity ? `a range of ${name}` : `${count(number)} ${name}`]
  })
  return [...parts, ...(seeds > 1 ? [`${count(seeds)} seeds`] : [])].join(' × ')
}
