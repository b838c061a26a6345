import { decimal } from './output.ts'
import {
  checkName,
  cosine,
  exponential,
  InputError,
  type LearningRate,
  reduceOnPlateau,
  type Schedule,
  step,
  warmup,
} from '../index.ts'

/** The options of each schedule besides the learning rate, as the help and the errors show them. */
const forms = {
  step: 'step:every=30,factor=0.1',
  exponential: 'exponential:factor=0.95',
  cosine: 'cosine:epochs=100,minimum=0',
  reduceOnPlateau: 'reduceOnPlateau:factor=0.1,patience=10,threshold=1e-4,cooldown=0,minimum=0',
} as const

export const scheduleHelp = Object.values(forms).join('\n')

/**
 * `--schedule cosine:epochs=100` with the rate of `--lr`, and `--warmup 5` before it.
 * @throws InputError for unknown names and values that are no numbers, showing how it is written
 */
export function parseSchedule(text: string | undefined, learningRate: number, warmupEpochs?: number): LearningRate {
  const schedule = text === undefined ? learningRate : parse(text, learningRate)
  return warmupEpochs === undefined ? schedule : warmup({ epochs: warmupEpochs, then: schedule })
}

function parse(text: string, learningRate: number): Schedule {
  const [name = '', list = ''] = text.split(':')
  const known = checkName('--schedule', name, Object.keys(forms) as (keyof typeof forms)[])
  const values = new Map<string, number>()
  for (const part of list === '' ? [] : list.split(',')) {
    const [key = '', value = ''] = part.split('=')
    if (value.trim() === '' || Number.isNaN(Number(value))) {
      throw new InputError(`--schedule: '${part}' is not a name and a number; it is written ${forms[known]}`)
    }
    values.set(key.trim(), Number(value))
  }
  const options = { learningRate, ...Object.fromEntries(values) }
  try {
    // Each checks the names and values that it is given.
    if (known === 'step') return step(options as unknown as Parameters<typeof step>[0])
    if (known === 'exponential') return exponential(options as unknown as Parameters<typeof exponential>[0])
    if (known === 'cosine') return cosine(options as unknown as Parameters<typeof cosine>[0])
    return reduceOnPlateau(options)
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`--schedule: ${error.message}; it is written ${forms[known]}`)
    throw error
  }
}

/** A rate as the command line prints it. */
export const sayRate = (rate: LearningRate): string =>
  typeof rate === 'number' ? String(rate) : `${rate.name} from ${decimal(rate.rate(0))}`
