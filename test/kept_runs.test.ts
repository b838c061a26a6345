import { afterEach, describe, expect, it, vi } from 'vitest'
import { checkRecord, type KeptRun, VERSION } from '../demo/kept/record.ts'
import type { KeptMessage } from '../demo/kept/protocol.ts'
import type { Report, Request, WorkerMessage } from '../demo/protocol.ts'
import { defaults, type Settings } from '../demo/settings.ts'
import { Keeper } from '../demo/worker/kept/keeper.ts'
import { Session } from '../demo/worker/session.ts'

const sessions: Session[] = []
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()))
  vi.unstubAllGlobals()
})

function openSession() {
  const messages: WorkerMessage[] = []
  const session = new Session((message, transfer = []) => messages.push(structuredClone(message, { transfer })))
  sessions.push(session)
  const reports = () => messages.filter((message): message is Report => message.type === 'progress')
  const ask = async (...requests: Request[]) => {
    for (const request of requests) await session.handle(request)
    return reports().at(-1)!
  }
  return { session, messages, ask }
}

const small: Settings = { ...defaults, samples: 50, batch: 10, learningRate: 0.05 }
const epoch: Request = { type: 'step', what: 'epoch' }
const minibatch: Request = { type: 'step', what: 'minibatch' }
const stateOf = ({ epoch, step, parameters, train, test }: Report) => ({ epoch, step, parameters, train, test })

/** The state of a session's run as it is read from the browser's storage again. */
const keptOf = (session: Session) => structuredClone(session.active!)

describe('a run that goes on in another session', () => {
  it.each([
    { backend: 'cpu', optimizer: 'nadam', dropout: 0.3, hidden: [4, 4], activations: ['tanh', 'tanh', 'sigmoid'] },
    { backend: 'wasm', optimizer: 'adam', l2: 0.01 },
    { backend: 'cpu', optimizer: 'sgd', patience: 3 },
  ] as Partial<Settings>[])('trains the same bits as the unbroken run: $backend, $optimizer', async (chosen) => {
    const settings = { ...small, ...chosen }
    const unbroken = openSession()
    const before = await unbroken.ask({ type: 'start', settings }, epoch, epoch, epoch, minibatch)
    const kept = keptOf(unbroken.session)
    const after = [await unbroken.ask(minibatch), await unbroken.ask(epoch), await unbroken.ask(epoch)]

    const other = openSession()
    expect(stateOf(await other.ask({ type: 'start', settings, number: 7, from: kept }))).toEqual(stateOf(before))
    expect(other.session.active).toEqual({ ...kept, number: 7 })
    const again = [await other.ask(minibatch), await other.ask(epoch), await other.ask(epoch)]
    expect(again.map(stateOf)).toEqual(after.map(stateOf))
    expect(other.session.active!.best).toEqual(unbroken.session.active!.best)
    // Both can be restored: the untrained network, and the state that was kept.
    expect([...again[0]!.moments.epochs].slice(0, 2)).toEqual([0, 3])
  })

  it('is refused if its state belongs to another network, and the run before it stays', async () => {
    const first = openSession()
    await first.ask({ type: 'start', settings: small }, epoch)
    const kept = keptOf(first.session)
    const other = openSession()
    const settings = { ...small, hidden: [7] }
    await other.ask({ type: 'start', settings, number: 1 }, { type: 'start', settings, number: 2, from: kept })
    expect(other.messages.find(({ type }) => type === 'refused')).toMatchObject({ during: 'start' })
    expect(other.session.active!.number).toBe(1)
  })
})

describe('the record of a run', () => {
  const now = 1e12
  async function recorded(): Promise<KeptRun> {
    const { session, ask } = openSession()
    await ask({ type: 'start', settings: small }, epoch, epoch)
    const { number: _, files, ...state } = keptOf(session)
    const history = [{ epoch: 1, trainLoss: 0.3, testLoss: null, trainScore: 0.5, testScore: null }]
    const names = { id: 'a', address: 'samples=50', run: 'samples=50', playing: true }
    return { version: VERSION, time: now - 1000, ...names, history, state, files: files.length }
  }

  it('is accepted for seven days', async () => {
    const record = await recorded()
    expect(checkRecord(record, now)).toBe(record)
    expect(checkRecord(record, now + 6 * 86_400_000)).toBe(record)
    expect(checkRecord(record, now + 7 * 86_400_000)).toBeUndefined()
  })

  it('is ignored if it has another version or is damaged', async () => {
    const record = await recorded()
    const { state } = record
    const { checkpoint } = state
    const damaged: unknown[] = [
      undefined,
      null,
      'text',
      [],
      {},
      { ...record, version: VERSION + 1 },
      { ...record, time: Number.NaN },
      { ...record, address: 5 },
      { ...record, playing: 'yes' },
      { ...record, files: -1 },
      { ...record, history: [{}] },
      { ...record, history: { length: 1 } },
      { ...record, state: { ...state, train: {} } },
      { ...record, state: { ...state, best: { loss: 1, epoch: 0.5 } } },
      { ...record, state: { ...state, checkpoint: {} } },
      { ...record, state: { ...state, checkpoint: { ...checkpoint, epoch: -1 } } },
      ...[[1, 2], new Float32Array([Number.NaN])].map((parameters) => {
        const snapshot = { ...checkpoint.snapshot, parameters }
        return { ...record, state: { ...state, checkpoint: { ...checkpoint, snapshot } } }
      }),
      ...Object.keys(record).map((key) => ({ ...record, [key]: undefined })),
    ]
    expect(damaged.filter((value) => checkRecord(value, now) !== undefined)).toEqual([])
  })
})

describe('a browser without storage', () => {
  const locks = { request: () => Promise.resolve(), query: () => Promise.resolve({}) }
  const refuse = () => {
    throw new DOMException('The operation is insecure.', 'SecurityError')
  }
  it.each([
    ['no locks', {}, { open: refuse }],
    ['IndexedDB that refuses', { locks }, { open: refuse }],
  ])('offers no run, and keeps none: %s', async (_, navigator, indexedDB) => {
    vi.stubGlobal('navigator', navigator)
    vi.stubGlobal('indexedDB', indexedDB)
    const { session, ask } = openSession()
    await ask({ type: 'start', settings: small, number: 1 }, epoch)
    const posted: KeptMessage[] = []
    const keeper = new Keeper(
      (message) => posted.push(message),
      () => session.active,
    )
    await keeper.handle({ type: 'find', last: 'before' })
    await keeper.handle({
      type: 'keep',
      number: 1,
      address: '',
      run: '',
      playing: false,
      history: [],
      replaces: 'other',
    })
    await keeper.handle({ type: 'take', id: 'other' })
    await keeper.handle({ type: 'discard', id: 'other' })
    expect(posted).toEqual([
      { type: 'found', id: expect.any(String), runs: [] },
      { type: 'stored', isStored: false },
      { type: 'taken', id: 'other', kept: undefined, files: [] },
    ])
  })
})
