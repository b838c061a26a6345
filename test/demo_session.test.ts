import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodePoints } from '../demo/points.ts'
import type { Report, Request, WorkerMessage } from '../demo/protocol.ts'
import { defaults, type Settings } from '../demo/settings.ts'
import { prepare } from '../demo/worker/prepare.ts'
import { Session } from '../demo/worker/session.ts'
import { adam, type ChangeableOption, Network, Trainer } from '../src/index.ts'

const small: Settings = { ...defaults, backend: 'wasm', samples: 50, batch: 10, optimizer: 'adam', learningRate: 0.05 }

const sessions: Session[] = []
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()))
  vi.restoreAllMocks()
})

/** A session in this thread, with the messages that it has posted. */
function openSession() {
  const messages: WorkerMessage[] = []
  // Buffers are transferred, as between threads: what the session kept of them would be empty.
  const session = new Session((message, transfer = []) => messages.push(structuredClone(message, { transfer })))
  sessions.push(session)
  const all = <T extends WorkerMessage['type']>(type: T) =>
    messages.filter((message): message is WorkerMessage & { type: T } => message.type === type)
  const report = (): Report => all('progress').at(-1)!
  const ask = async (...requests: Request[]) => {
    await Promise.all(requests.map((request) => session.handle(request)))
    return report()
  }
  const epoch = () => ask({ type: 'step', what: 'epoch', discardLater: true })
  const minibatch = () => ask({ type: 'step', what: 'minibatch', discardLater: true })
  /** Returns to the last moment after this step. */
  const rewind = (step: number) => {
    const { numbers, steps } = report().moments
    return ask({ type: 'rewind', moment: numbers[steps.lastIndexOf(step)]! })
  }
  return { session, messages, all, report, ask, epoch, minibatch, rewind }
}

async function started(settings: Partial<Settings> = {}) {
  const opened = openSession()
  await opened.ask({ type: 'start', settings: { ...small, ...settings } })
  return opened
}

const stateOf = ({ epoch, step, parameters, train, test }: Report) => ({ epoch, step, parameters, train, test })

async function repeat<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < count; i++) results.push(await work())
  return results
}

const until = (check: () => boolean) => vi.waitFor(() => expect(check()).toBe(true), { timeout: 20_000, interval: 5 })

describe('time', () => {
  it.each([
    { backend: 'cpu', optimizer: 'nadam', dropout: 0.3, hidden: [4, 4], activations: ['tanh', 'tanh', 'sigmoid'] },
    { optimizer: 'rmsprop', learningRate: 0.01 },
  ] as Partial<Settings>[])(
    'trains on from an earlier moment to the same bits, with optimizer state and order: $optimizer',
    async (settings) => {
      const { rewind, epoch, minibatch, report } = await started(settings)
      const first = (await repeat(3, epoch)).map(stateOf)
      // Four minibatches in each epoch.
      const within = (await repeat(2, minibatch)).map(stateOf)
      const after = (await repeat(3, epoch)).map(stateOf)
      expect(after.map(({ epoch, step }) => [epoch, step])).toEqual([[4, 16], [5, 20], [6, 24]]) // prettier-ignore
      const { steps } = report().moments

      for (const [back, forward] of [
        [first[1]!, [first[2]!]],
        [within[0]!, [within[1]!, after[0]!]],
      ] as const) {
        expect(stateOf(await rewind(back.step))).toEqual(back)
        // The later run is kept.
        expect(report().moments.steps).toEqual(steps)
        expect(stateOf(await rewind(24))).toEqual(after[2])
        await rewind(back.step)
        for (const expected of forward) {
          const isWhole = expected.epoch > back.epoch
          expect(stateOf(await (isWhole ? epoch() : minibatch()))).toEqual(expected)
        }
        // Again to the end of the first run.
        if (forward.at(-1) === first[2]) expect((await repeat(2, minibatch)).map(stateOf)).toEqual(within)
        expect((await repeat(6 - report().epoch, epoch)).map(stateOf).at(-1)).toEqual(after[2])
      }
    },
  )

  it('asks before the later run is discarded, and discards it only then', async () => {
    const { ask, epoch, all, report, rewind } = await started()
    await repeat(4, epoch)
    await rewind(8)
    await ask({ type: 'play' }, { type: 'step', what: 'minibatch' })
    expect(all('laterRun')).toMatchObject([
      { request: { type: 'play' }, shown: { epoch: 2, step: 8 }, latest: { epoch: 4, step: 16 } },
      { request: { type: 'step', what: 'minibatch' }, shown: { epoch: 2 } },
    ])
    expect(all('state').filter(({ playing }) => playing)).toEqual([])
    expect([...report().moments.epochs]).toEqual([0, 1, 2, 3, 4])
    await ask({ type: 'step', what: 'epoch', discardLater: true })
    expect([...report().moments.epochs]).toEqual([0, 1, 2, 3])
    // At the end of the run there is nothing to ask.
    await ask({ type: 'step', what: 'epoch' })
    expect(report().epoch).toBe(4)
    expect(all('laterRun')).toHaveLength(2)
  })

  it('shows only the last of the moments that were asked for in the meantime', async () => {
    const { ask, epoch, all } = await started()
    await repeat(5, epoch)
    const before = all('progress').length
    const asked = Array.from({ length: 20 }, (_, i): Request => ({ type: 'rewind', moment: 19 - i }))
    expect((await ask(...asked)).step).toBe(0)
    expect(all('progress').length - before).toBe(1)
  })
})

describe('changes while it trains', () => {
  it.each([
    ['learningRate', { learningRate: 0.2 }],
    ['batch', { batch: 7 }],
    ['l1', { l1: 0.01 }],
    ['l2', { l2: 0.01 }],
    ['dropout', { dropout: 0.5 }],
  ] as const)('%s takes effect in the current run, with the state of the optimizer', async (_, changed) => {
    const { ask, epoch, all } = await started()
    await repeat(2, epoch)
    const next = { ...small, ...changed }
    await ask({ type: 'hyperparameters', settings: next })
    expect(all('accepted').at(-1)!.settings).toMatchObject(changed)
    const third = await epoch()
    expect([third.epoch, third.step]).toEqual([3, 'batch' in changed ? 8 + 6 : 12])

    // The library gives the same if another trainer takes over after two epochs.
    const { hidden, activations, init } = small
    const train = prepare(small, 'circle').train
    const network = Network.create({ sizes: [2, ...hidden, 2], activations, init, seed: small.seed })
    const create = ({ batch, seed, l1, l2, dropout, learningRate }: Settings) =>
      Trainer.create(network, { backend: 'wasm', optimizer: adam({ learningRate }), batchSize: batch, seed, l1, l2, dropout }) // prettier-ignore
    using before = await create(small)
    await before.fit(train, { epochs: 2 })
    const checkpoint = await before.checkpoint()
    using after = await create(next)
    const option = 'batch' in changed ? [] : Object.keys(changed)
    const settings = { ...checkpoint.settings, batchSize: next.batch }
    await after.resume({ ...checkpoint, settings }, { changed: option as ChangeableOption[] })
    await after.fit(train, { epochs: 1 })
    expect(third.parameters).toEqual((await after.read()).parameters)
    await before.fit(train, { epochs: 1 })
    expect(third.parameters).not.toEqual((await before.read()).parameters)
  })

  it('refuses impossible values, and trains on with those before', async () => {
    const [{ ask, epoch, all }, other] = [await started(), await started()]
    await epoch()
    await ask({ type: 'hyperparameters', settings: { ...small, learningRate: -1 } })
    await ask({ type: 'backend', backend: 'abacus' as never })
    expect(all('refused').map(({ subject, during }) => [subject, during])).toEqual([
      ['settings', 'hyperparameters'],
      ['backend', 'backend'],
    ])
    // The page shows what the run trains on.
    expect(all('running').at(-1)!.backend.name).toBe('wasm')
    expect(stateOf(await epoch())).toEqual(stateOf((await repeat(2, other.epoch))[1]!))
  })

  it('changes the backend with the state of the optimizer', async () => {
    const [{ ask, epoch, all, report }, other] = [await started(), await started()]
    await repeat(3, epoch)
    await ask({ type: 'backend', backend: 'cpu' })
    expect(all('running').at(-1)!.backend.name).toBe('cpu')
    await repeat(3, epoch)
    const { parameters } = (await repeat(6, other.epoch)).at(-1)!
    report().parameters.forEach((value, i) => expect(value).toBeCloseTo(parameters[i]!, 4))
  })

  it('accepts points while it plays, also after moments were removed', async () => {
    const { ask, all, report, rewind } = await started({ speed: 0 })
    await ask({ type: 'play' })
    const points: { x: number; y: number; second: boolean }[] = []
    for (const epochs of [100, 300, 600]) {
      await until(() => report().epoch >= epochs)
      points.push({ x: 0.5, y: epochs / 1000, second: true })
      await ask({ type: 'data', settings: { ...small, speed: 0, points: encodePoints(points) } })
      expect(all('data').at(-1)!.shown.train.count).toBe(40 + points.length)
    }
    // It returns to a moment from before the points, by its step.
    const { steps } = report().moments
    expect(steps.length).toBeLessThanOrEqual(240)
    const step = steps[Math.floor(steps.length / 2)]!
    expect((await rewind(step)).step).toBe(step)
    await ask({ type: 'data', settings: { ...small, speed: 0, points: '' } })
    expect(report().step).toBe(step)
    expect(all('refused')).toEqual([])
  })

  it('returns to an earlier moment after a divergence, and trains on with a smaller rate', async () => {
    const { ask, epoch, all, report, rewind } = await started({
      optimizer: 'sgd',
      activations: ['relu', 'linear'],
      hidden: [8],
    })
    await epoch()
    await ask({ type: 'hyperparameters', settings: { ...small, learningRate: 1e30 } })
    await ask({ type: 'play' })
    await until(() => all('diverged').length > 0)
    expect(all('diverged')[0]!.help).toMatch(/^Set the learning rate to \S+\.$/)
    expect(all('state').at(-1)!.playing).toBe(false)
    await rewind(0)
    await ask({ type: 'hyperparameters', settings: { ...small, learningRate: 0.05 } })
    await epoch()
    expect(report().epoch).toBe(1)
    expect(all('diverged')).toHaveLength(1)
    expect(all('refused')).toHaveLength(0)
  })

  it('asks before an edit discards the later run, and returns to the moment before an edit', async () => {
    const { ask, epoch, all, report, rewind } = await started()
    const { parameters } = await epoch()
    await epoch()
    await rewind(4)
    const edit = { layer: 1, index: 2, from: undefined, value: 1.5 }
    await ask({ type: 'edit', edit })
    expect(all('laterRun')).toHaveLength(1)
    const edited = await ask({ type: 'edit', edit, discardLater: true })
    // Three hidden neurons of two inputs: six weights, then the biases.
    expect([...edited.parameters]).toEqual([...parameters].with(8, 1.5))
    expect([...edited.moments.steps]).toEqual([0, 4, 4])
    expect((await epoch()).parameters[8]).toBeCloseTo(1.5, 0)
    const [, before] = report().moments.numbers
    expect((await ask({ type: 'rewind', moment: before! })).parameters).toEqual(parameters)
  })
})

describe('a session', () => {
  it('has at most one timer, however often one pauses and plays', async () => {
    const waiting = new Set<unknown>()
    const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout]
    vi.spyOn(globalThis, 'setTimeout').mockImplementation((work: () => void, milliseconds = 0) => {
      const timer = set(() => {
        waiting.delete(timer)
        work()
      }, milliseconds)
      // At two epochs per second, training waits for a long time.
      if (milliseconds > 100) waiting.add(timer)
      return timer
    })
    vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
      waiting.delete(timer)
      clear(timer)
    })
    const { ask, report, session } = await started({ speed: 2 })
    for (let i = 0; i < 5; i++) await ask({ type: 'play' }, { type: 'pause' }, { type: 'play' })
    await until(() => waiting.size > 0)
    const { epoch } = report()
    await ask({ type: 'speed', speed: 2 }, { type: 'speed', speed: 2.5 })
    expect(waiting.size).toBeLessThanOrEqual(1)
    await until(() => report().epoch > epoch + 1 && waiting.size > 0)
    expect(waiting.size).toBe(1)
    await session.close()
    expect(waiting.size).toBe(0)
  })

  it('trains beside others, each to the result that it has alone', async () => {
    const all: Partial<Settings>[] = [{ seed: 1 }, { seed: 2, hidden: [5] }, { problem: 'xor', optimizer: 'sgd' }]
    const train = async (settings: Partial<Settings>) => {
      const { ask, all: posted, report } = await started({ ...settings, speed: 0, stop: 40 })
      await ask({ type: 'play' })
      await until(() => posted('state').at(-1)?.playing === false && report().epoch === 40)
      return stateOf(report())
    }
    const together = await Promise.all(all.map(train))
    const alone = []
    for (const settings of all) alone.push(await train(settings))
    expect(together).toEqual(alone)
  })
})

describe('a training that diverges', () => {
  it('names epoch, layer and cause, and the change that helps makes it go on', async () => {
    const diverging: Partial<Settings> = {
      ...{ optimizer: 'sgd', learningRate: 100, loss: 'meanSquaredError', hidden: [6], backend: 'cpu' },
      activations: ['relu', 'linear'],
    }
    const { all, ask, epoch } = await started(diverging)
    for (let i = 0; i < 20 && all('diverged').length === 0; i++) await epoch()
    const [found] = all('diverged')
    expect(found!.what).toMatch(/^In epoch \d+ the numbers in (hidden layer 1|the output layer) grew until/)
    expect(found!.why).toMatch(
      /^The learning rate of sgd, 100, is too high: the loss grew from \S+ to \d(\.\d+)?\s×\s10[⁰-⁹²³¹]+ within/,
    )
    const { learningRate } = found!.changed!
    expect(found!.help).toBe(`Set the learning rate to ${learningRate}.`)
    await ask({ type: 'start', settings: { ...small, ...diverging, ...found!.changed } })
    for (let i = 0; i < 20; i++) await epoch()
    expect(all('diverged')).toHaveLength(1)
    expect(all('refused')).toHaveLength(0)
  })
})
