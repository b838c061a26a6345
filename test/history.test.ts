import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type Checkpoint,
  circle,
  type Epoch,
  fit,
  type FitOptions,
  Network,
  type Score,
  Trainer,
} from '../src/index.ts'

const train = circle({ samples: 40, seed: 1 })
const validation = circle({ samples: 20, seed: 2 })
const network = () => Network.create({ sizes: [2, 3, 2], seed: 1 })

describe('history.last', () => {
  it('is the last epoch, and is not repeated in the JSON', async () => {
    const history = await fit(network(), train, { backend: 'cpu', epochs: 3, validation })
    expect(history.last).toBe(history.epochs[2])
    expect(history.last.validation.accuracy).toBeGreaterThan(0)
    expect(JSON.parse(JSON.stringify(history))).not.toHaveProperty('last')
  })

  it('explains why there is none if early stopping had ended the run before', async () => {
    const trainer = await Trainer.create(network(), { backend: 'cpu', seed: 1 })
    const earlyStopping = { patience: 1, minDelta: 1e9 }
    const written: Checkpoint[] = []
    const first = await trainer.fit(train, {
      epochs: 9,
      earlyStopping,
      checkpoint: { write: (made) => void written.push(made) },
    })
    expect(first.stopped).toBe('earlyStopping')
    await trainer.resume(written.at(-1)!)
    const history = await trainer.fit(train, { epochs: 9, earlyStopping })
    expect(history.epochs).toEqual([])
    expect(() => history.last).toThrow('history.last: no epoch was trained')
    trainer.dispose()
  })
})

it('types know whether there are validation data', async () => {
  const trainer = await Trainer.create(network(), { backend: 'cpu' })
  const validated = await trainer.fit(train, {
    epochs: 1,
    validation,
    onEpoch: (epoch) => {
      expectTypeOf(epoch.validation).toEqualTypeOf<Score>()
    },
  })
  expectTypeOf(validated.last.validation).toEqualTypeOf<Score>()
  const plain = await trainer.fit(train, {
    epochs: 1,
    onEpoch: (epoch) => {
      expectTypeOf(epoch).toEqualTypeOf<Epoch>()
    },
  })
  expectTypeOf(plain.last.validation).toEqualTypeOf<Score | null>()
  const options: FitOptions = { epochs: 1, validation: undefined }
  expectTypeOf((await trainer.fit(train, options)).epochs).toEqualTypeOf<Epoch[]>()
  for await (const epoch of trainer.epochs(train, { epochs: 1, validation })) {
    expectTypeOf(epoch.validation).toEqualTypeOf<Score>()
    expect(epoch.validation.loss).toBeGreaterThan(0)
  }
  for await (const epoch of trainer.epochs(train, { epochs: 1 })) expect(epoch.validation).toBeNull()
  trainer.dispose()
})
