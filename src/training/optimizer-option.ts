import { describe, InputError } from '../core/errors.ts'
import { suggest } from '../core/aliases.ts'
import { kind } from '../core/schema.ts'
import { type Optimizer, optimizerNames, optimizers, sgd } from '../optimizer/optimizer.ts'
import { checkLearningRate } from '../optimizer/schedule.ts'

/** The optimizer where none is given: the article's rule and rate. */
export const usualOptimizer = (): Optimizer => sgd({ learningRate: 0.1 })

/** An optimizer that one of the library's functions made, or a copy of one. */
export const optimizerKind = kind<Optimizer>((argument, value) => {
  if (typeof value === 'object' && value !== null && isComplete(value as Optimizer)) {
    checkLearningRate(`${argument}: learningRate`, (value as Optimizer).learningRate)
    return value as Optimizer
  }
  const made = optimizerNames.map((name) => `${name}()`).join(', ')
  const near = typeof value === 'string' && !isName(value) ? suggest(value, optimizerNames) : ''
  throw new InputError(
    `${argument}: expected an optimizer, such as adam({ learningRate: 0.01 }), got ${describe(value)}${near}; there are ${made}`,
  )
})

const isName = (name: unknown) => (optimizerNames as readonly unknown[]).includes(name)

/** Whether an object has all constants of an optimizer. */
function isComplete(value: Optimizer): boolean {
  if (!isName(value.name)) return false
  const { name: _, learningRate: __, ...constants } = optimizers[value.name].create()
  return Object.entries(constants).every(([key, constant]) => typeof value[key as 'momentum'] === typeof constant)
}
