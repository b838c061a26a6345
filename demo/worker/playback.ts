import type { BestLoss } from '../kept/run-state.ts'
import type { Evaluation, WorkerMessage } from '../protocol.ts'
import type { Settings } from '../settings.ts'
import { adviceAfter } from './advice.ts'
import { EpochsPerCall } from './epochs-per-call.ts'
import { Pace } from './pace.ts'
import { describeProgress } from './report.ts'
import type { Run } from './run.ts'
import { Stopping } from './stopping.ts'

/** Minimum milliseconds between progress reports. More reports would not be visible and slow down the training. */
const REPORT_INTERVAL = 60
/** Minimum milliseconds between evaluations, which take at most a tenth of the time. */
const EVALUATION_INTERVAL = 500
/** Points along each side of the plane, during training and while it is paused. */
const SIDE = { playing: 160, paused: 320 }

/** What a playback needs of its session. */
interface Surroundings {
  post: (message: WorkerMessage, transfer?: Transferable[]) => void
  /** Trains after the requests that have already arrived; errors are reported to the page. */
  whenFree: (work: () => Promise<void>) => void
}

/** Trains a run at the chosen speed, and reports about it. */
export class Playback {
  readonly run: Run
  readonly pace: Pace
  readonly stopping: Stopping
  /** The user's drawing. */
  drawing: Float32Array | undefined
  readonly #surroundings: Surroundings
  #playing = false
  #epochsPerCall = new EpochsPerCall(REPORT_INTERVAL)
  /** The only timer: it continues the training. */
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastReport = 0
  #nextEvaluation = 0

  constructor(run: Run, settings: Settings, surroundings: Surroundings, best?: BestLoss) {
    this.run = run
    this.pace = new Pace(settings.speed)
    this.stopping = new Stopping(settings, best)
    this.#surroundings = surroundings
  }

  get playing(): boolean {
    return this.#playing
  }

  play(): void {
    if (this.#playing) return
    this.#setPlaying(true)
    this.#surroundings.whenFree(() => this.#train())
  }

  /** Stops the training at once, and posts that it has. */
  stop(reason?: string): void {
    this.#setPlaying(false, reason)
  }

  /** Stops the training. The page shows that training is paused when it also shows what the training led to. */
  async pause(): Promise<void> {
    this.#end()
    try {
      await this.report()
    } finally {
      this.stop()
    }
    await this.#postAdvice()
  }

  /** Frees what the run holds; no timer remains. */
  async close(): Promise<void> {
    this.#end()
    await this.run.release()
  }

  /** Training continues from the moment that is shown: the later moments are discarded. */
  continueFromMoment(): void {
    const { run } = this
    if (!run.isRewound) return
    run.moments.discardAfter(run.moment)
    this.stopping.restartFrom(run.moment.epoch)
  }

  changeSpeed(speed: number): void {
    this.#restartPace(speed)
    if (this.#playing) this.#schedule()
  }

  /** The trainer is another one, with other durations. */
  trainerChanged(): void {
    this.#epochsPerCall = new EpochsPerCall(REPORT_INTERVAL)
    this.#restartPace()
  }

  async report(): Promise<void> {
    const { run, pace, drawing } = this
    const side = this.#playing ? SIDE.playing : SIDE.paused
    const speeds = {
      epochsPerSecond: this.#playing ? pace.epochsPerSecond : 0,
      samplesPerSecond: pace.samplesPerSecond(run.prepared.train.length),
    }
    const evaluation = await this.#evaluateIfDue()
    const { progress, transfer } = await describeProgress(run, { side, speeds, evaluation, drawing })
    this.#surroundings.post(progress, transfer)
    this.#lastReport = performance.now()
  }

  async #evaluateIfDue(): Promise<Evaluation | undefined> {
    const start = performance.now()
    if (this.#playing && start < this.#nextEvaluation) return undefined
    const evaluation = await this.run.evaluate()
    const took = performance.now() - start
    this.#nextEvaluation = start + took + Math.max(EVALUATION_INTERVAL, 10 * took)
    return evaluation
  }

  #restartPace(speed?: number): void {
    this.pace.restart(speed)
    this.#nextEvaluation = 0
  }

  #end(): void {
    this.#playing = false
    clearTimeout(this.#timer)
    this.#restartPace()
  }

  #setPlaying(playing: boolean, reason?: string): void {
    this.#end()
    this.#playing = playing
    this.#surroundings.post({ type: 'state', playing, ...(reason !== undefined && { reason }) })
  }

  /** Training has ended, perhaps until the user continues it. */
  async #postAdvice(): Promise<void> {
    this.#surroundings.post({ type: 'advice', sentences: await adviceAfter(this.run) })
  }

  /** The number of epochs to train in the next call: those that are due, limited by {@link EpochsPerCall}. */
  #countDue(): number {
    const { stop, patience } = this.stopping.rule
    // The patience rule compares the loss after each epoch.
    if (patience > 0) return 1
    const untilStop = stop > 0 ? stop - this.run.moment.epoch : Infinity
    return Math.max(1, Math.min(this.#epochsPerCall.value, this.pace.due, untilStop))
  }

  /** Trains the epochs that are due, then returns to the event loop so that pending requests run. */
  async #train(): Promise<void> {
    const began = performance.now()
    while (this.#playing && this.pace.untilNext <= 0 && performance.now() - began < REPORT_INTERVAL) {
      const start = performance.now()
      const count = this.#countDue()
      await this.run.epoch(count)
      const took = performance.now() - start
      this.#epochsPerCall.observe(count, took)
      this.pace.count(count, took)
      const reason = this.stopping.reasonAfter(this.run.moment)
      if (reason !== undefined) {
        this.stop(reason)
        await this.report()
        await this.#postAdvice()
      }
    }
    if (!this.#playing) return
    if (performance.now() - this.#lastReport > REPORT_INTERVAL) await this.report()
    this.#schedule()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        this.#surroundings.whenFree(() => this.#train())
      },
      Math.max(0, this.pace.untilNext),
    )
  }
}
