import { describe, expect, it } from 'vitest'
import { DivergedError, Trainer } from '../src/index.ts'
import { type DivergingRun, divergingRuns, withFix } from './autopsy.ts'

/** The error of a training; undefined where it stays finite. */
async function divergence({ network, data, options, epochs, shuffle }: DivergingRun) {
  const trainer = await Trainer.create(network.clone(), { backend: 'cpu', ...options })
  try {
    await trainer.fit(data, { epochs, shuffle })
    return undefined
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    return error
  } finally {
    trainer.dispose()
  }
}

describe('the likely cause of a divergence', () => {
  it.each(divergingRuns)('%s: %s, and its fix makes the training end finite', async (_, cause, run) => {
    const error = (await divergence(run))!
    expect(error.autopsy).toMatchObject({ cause, isTried: true })
    expect(await divergence(withFix(run, error.autopsy!.fix))).toBeUndefined()
  })
})
