import { DivergedError, verify } from '../../src/index.ts'
import type { ContinuingRequest, Request, WorkerMessage } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { adviceBefore } from './advice.ts'
import { describeDivergence } from './divergence.ts'
import { openedFiles, openFile, summarizeUse } from './files.ts'
import type { ActiveRun } from './kept/keeper.ts'
import { Playback } from './playback.ts'
import type { Prepared } from './prepare.ts'
import { prepareData } from './prepare-data.ts'
import { Run } from './run.ts'
import { subjectOf } from './subjects.ts'
import { Turns } from './turns.ts'

/** Sends a message to the page, and transfers these buffers. */
export type Post = (message: WorkerMessage, transfer?: Transferable[]) => void

type Handlers = { [T in Request['type']]: (request: Request & { type: T }) => Promise<void> | void }

/** Requests that do not use the trainer: other requests do not wait for them. */
const isReading = ({ type }: Request) => type === 'open' || type === 'target'
/** Requests that take a turn only for the part that uses the trainer. */
const isPrepared = ({ type }: Request) => type === 'start' || type === 'data'

/** Carries out the requests of one run after another. Sessions are independent of each other. */
export class Session {
  readonly #post: Post
  #playback: Playback | undefined
  /** Work that uses the trainer. */
  readonly #trainer = new Turns()
  /** Requests in the order in which they arrived. While one of them waits for a file, training continues. */
  readonly #requests = new Turns()
  /** The number of the run, by which the page knows it, and the files that it is trained on. */
  #number = 0
  #files: readonly File[] = []
  /** The number of requests to rewind that wait: only the last of them is carried out. */
  #rewinds = 0

  constructor(post: Post) {
    this.#post = post
  }

  /** The latest state of the run; undefined before there is any. */
  get active(): ActiveRun | undefined {
    if (!this.#playback) return undefined
    const { run, stopping } = this.#playback
    const { checkpoint, train, test } = run.moments.latest
    return { number: this.#number, checkpoint, train, test, best: stopping.best, files: this.#files }
  }

  /** Carries out a request after those that came before it. Errors are posted. */
  async handle(request: Request): Promise<void> {
    if (request.type === 'rewind') this.#rewinds++
    const carryOut = async () => (this.#handlers[request.type] as (request: Request) => Promise<void> | void)(request)
    const inTurn = () => this.#inTurn(carryOut)
    try {
      await (isReading(request) ? carryOut() : this.#requests.take(isPrepared(request) ? carryOut : inTurn))
    } catch (error) {
      this.#postFailure(error, request.type)
    }
  }

  /** Ends the training and frees what it holds. */
  close(): Promise<void> {
    return this.#requests.take(() =>
      this.#trainer.take(async () => {
        await this.#playback?.close()
        this.#playback = undefined
      }),
    )
  }

  readonly #handlers: Handlers = {
    start: async (request) => {
      const prepared = await prepareData(request.settings)
      await this.#inTurn(() => this.#start(request, prepared))
    },
    data: async ({ settings }) => {
      const prepared = await prepareData(settings)
      await this.#inTurn(async () => {
        if (!this.#playback) return
        await this.#playback.run.changeData(settings, prepared)
        this.#postData(this.#playback.run)
        await this.#playback.report()
      })
    },
    open: async ({ files }) => {
      this.#post({ type: 'opened', ...(await openFile(files)) })
    },
    target: async ({ use }) => {
      this.#post({ type: 'opened', ...(await summarizeUse(use)) })
    },
    play: (request) => {
      if (!this.#playback || this.#playback.playing || this.#asksFirst(request)) return
      this.#playback.play()
      this.#postAdviceBefore(this.#playback.run)
    },
    step: async (request) => {
      if (!this.#playback || this.#asksFirst(request)) return
      if (this.#playback.playing) this.#playback.stop()
      const { run } = this.#playback
      await (request.what === 'epoch' ? run.epoch() : run.minibatch())
      await this.#playback.report()
    },
    edit: async (request) => {
      if (!this.#playback || this.#asksFirst(request)) return
      await this.#playback.run.edit(request.edit)
      await this.#playback.report()
    },
    speed: ({ speed }) => this.#playback?.changeSpeed(speed),
    stopping: ({ rule }) => {
      if (this.#playback) this.#playback.stopping.rule = rule
    },
    pause: () => this.#playback?.pause(),
    hyperparameters: ({ settings }) => this.#changeSettings(settings),
    backend: async ({ backend }) => {
      if (!this.#playback) return
      await this.#changeSettings({ ...this.#playback.run.settings, backend })
      await this.#playback.report()
    },
    rewind: async ({ moment }) => {
      this.#rewinds--
      if (!this.#playback || this.#rewinds > 0) return
      if (this.#playback.playing) this.#playback.stop()
      await this.#playback.run.rewindTo(moment)
      this.#postAdviceBefore(this.#playback.run)
      await this.#playback.report()
    },
    classify: async ({ pixels }) => {
      if (!this.#playback) return
      this.#playback.drawing = pixels
      const outputs = pixels && (await this.#playback.run.classify(pixels))
      if (outputs) this.#post({ type: 'classified', outputs }, [outputs.buffer])
    },
    verify: async () => {
      if (!this.#playback) return
      const { network, prepared, settings } = this.#playback.run
      const { loss } = settings
      const verification = await verify(network, prepared.train, { backend: 'webgpu', loss, batchSize: 32 })
      this.#post({ type: 'verified', verification })
    },
  }

  /** Starts a new run, and replaces the active run once the first evaluation of the new one has succeeded. */
  async #start({ settings, number = 0, from }: Request & { type: 'start' }, prepared: Prepared): Promise<void> {
    const run = new Run(settings, prepared)
    try {
      await run.scoreUntrained()
      if (from) await run.continueFrom(from)
    } catch (error) {
      await run.release()
      throw error
    }
    const before = this.#playback
    const wasPlaying = before?.playing
    await before?.close()
    const whenFree = (work: () => Promise<void>) => {
      this.#inTurn(work).catch((error: unknown) => {
        this.#postFailure(error, 'training')
      })
    }
    const playback = new Playback(run, settings, { post: this.#post, whenFree }, from?.best)
    this.#playback = playback
    this.#number = number
    this.#files = settings.problem === 'file' ? openedFiles() : []
    this.#playback.drawing = before?.drawing
    run.onLoss = () => {
      whenFree(() => playback.report())
    }
    this.#postData(run)
    this.#postAdviceBefore(run)
    await this.#postBackend(run)
    if (wasPlaying && !from) this.#playback.play()
    await this.#playback.report()
    if (from) {
      this.#playback.stop(
        `Opened at epoch ${run.moment.epoch.toLocaleString('en')}. Press play: it trains on from there.`,
      )
    }
  }

  /** Whether the page was asked if the moments after the one that is shown may be discarded; otherwise they are. */
  #asksFirst(request: ContinuingRequest): boolean {
    const { run } = this.#playback!
    if (run.isRewound && !request.discardLater) {
      const [shown, latest] = [run.moment, run.moments.latest].map(({ epoch, step }) => ({ epoch, step }))
      this.#post({ type: 'laterRun', request, shown: shown!, latest: latest! })
      return true
    }
    this.#playback!.continueFromMoment()
    return false
  }

  async #changeSettings(settings: Settings): Promise<void> {
    if (!this.#playback) return
    const { run } = this.#playback
    const { learningRate, batch, l1, l2, dropout, backend } = settings
    try {
      await run.changeSettings({ ...run.settings, learningRate, batch, l1, l2, dropout, backend })
      this.#post({ type: 'accepted', settings: run.settings })
    } finally {
      // After a failure, the page shows again on what the run trains.
      await this.#postBackend(run)
      this.#playback.trainerChanged()
    }
  }

  #postData({ settings, shown, network }: Run): void {
    const { weights: _, biases: __, ...description } = network.toJSON()
    this.#post({ type: 'data', shown, settings, description, number: this.#number })
  }

  async #postBackend(run: Run): Promise<void> {
    const { name, description } = (await run.trainer()).backend
    this.#post({ type: 'running', backend: { name, description } })
  }

  /** Work that uses the trainer. Whatever finds that the GPU was lost, the page says so. */
  async #inTurn(work: () => Promise<void> | void): Promise<void> {
    await this.#trainer.take(async () => {
      try {
        await work()
      } finally {
        if (this.#playback?.run.takeRecovery()) await this.#postRecovery(this.#playback)
      }
    })
  }

  async #postRecovery(playback: Playback): Promise<void> {
    const { run } = playback
    const { name } = (await run.trainer()).backend
    this.#post({ type: 'recovered', epoch: run.moment.epoch, isSlower: name !== 'webgpu' })
    await this.#postBackend(run)
    playback.trainerChanged()
  }

  #postAdviceBefore(run: Run): void {
    this.#post({ type: 'advice', sentences: adviceBefore(run) })
  }

  /** Sends the message of an error to the page. An error during training or a step also pauses the training. */
  #postFailure(error: unknown, during: Request['type'] | 'training'): void {
    if (this.#playback?.playing && (during === 'training' || during === 'step')) this.#playback.stop()
    if (error instanceof DivergedError && this.#playback) {
      this.#post(describeDivergence(error, this.#playback.run))
      return
    }
    const message = (error instanceof Error ? error.message : String(error)).replace("backend 'webgpu': ", '')
    this.#post({ type: 'refused', subject: subjectOf(error, during), message, during })
  }
}
