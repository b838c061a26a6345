import { DeviceLostError, InputError, type LiveSweep, liveSweep } from '../../../src/index.ts'
import type { Settings } from '../../settings.ts'
import { type Tile, wallOf } from '../../sweep/axes.ts'
import type { WallMessage, WallRequest } from '../../sweep/protocol.ts'
import { describeData } from '../display.ts'
import { describeCause } from '../divergence.ts'
import { Losses } from '../losses.ts'
import { Pace } from '../pace.ts'
import { PlaneGrid } from '../plane.ts'
import type { Prepared } from '../prepare.ts'
import { prepareData } from '../prepare-data.ts'
import { Turns } from '../turns.ts'
import { FRAME, FrameBudget } from './budget.ts'
import { networksOfTiles, sweepOptions } from './options.ts'
import { writePicture } from './pictures.ts'

/** Minimum milliseconds between two rankings, which take at most a tenth of the time. */
const RANKING_INTERVAL = 400

/** The most frames that the page has not drawn yet. */
const MOST_AHEAD = 2

const LOST = 'The GPU was lost, and the networks with it.'

type Post = (message: WallMessage, transfer?: Transferable[]) => void

/** The networks that train, and what is needed for their pictures. */
interface Running {
  readonly run: number
  readonly prepared: Prepared
  readonly live: LiveSweep
  readonly losses: Losses
  readonly tiles: readonly Tile[]
  /** By tile, the number of its network. */
  readonly numbers: readonly number[]
  readonly grid: PlaneGrid
  epoch: number
}

/** The wall of networks: trains all of them, and sends their pictures and scores to the page. */
export class Wall {
  readonly #post: Post
  /** Requests, and the frames between them, one after another. */
  readonly #turns = new Turns()
  readonly #pace = new Pace(0)
  #running: Running | undefined
  #latestRun = 0
  #budget = new FrameBudget()
  #playing = false
  /** Frames that were sent and that the page has not drawn. */
  #ahead = 0
  /** The tile with which the next frame begins. */
  #next = 0
  #nextRanking = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(post: Post) {
    this.#post = post
  }

  async handle(request: WallRequest): Promise<void> {
    if (request.type === 'drawn') {
      this.#ahead = Math.max(0, this.#ahead - 1)
      return
    }
    if (request.type === 'start') this.#latestRun = request.run
    await this.#attempt(() => this.#carryOut(request))
  }

  /** Work in its turn; its failure is posted. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await this.#turns.take(async () => {
        await work()
        this.#postRecovery()
      })
    } catch (error) {
      this.#setPlaying(false)
      const isLost = error instanceof DeviceLostError
      const message = isLost ? LOST : error instanceof Error ? error.message : String(error)
      this.#post({ type: 'failed', run: this.#latestRun, message, isLost })
    }
  }

  async #carryOut(request: WallRequest): Promise<void> {
    if (request.type === 'start') {
      // The user may have chosen something else since then.
      if (request.run === this.#latestRun) await this.#start(request)
    } else if (request.type === 'play') this.#play()
    else if (request.type === 'speed') this.#pace.restart(request.speed)
    else if (request.type === 'explain') await this.#explain(request.tile)
    else if (request.type === 'open') await this.#open(request.tile)
    else if (request.type === 'pause') {
      // The page shows that it is paused together with the final pictures and scores.
      this.#end()
      await this.#showAll()
      this.#setPlaying(false)
    }
  }

  async #start({ run, settings, play }: WallRequest & { type: 'start' }): Promise<void> {
    this.#end()
    this.#running?.losses.stop()
    this.#running?.live.dispose()
    this.#running = undefined
    const prepared = await prepareData(settings)
    if (prepared.kind === 'images') {
      throw new InputError('Pictures have no plane that could be drawn here. Choose other data.')
    }
    const { tiles } = wallOf(settings)
    const all = tiles.map((tile) => tile.settings)
    const live = await liveSweep(prepared.train, sweepOptions(all, prepared))
    const numbers = networksOfTiles(all, prepared, live.networks)
    const grid = new PlaneGrid(prepared, describeData(prepared, settings))
    const losses = new Losses(live, () => void this.#attempt(() => replaceGPU(live)))
    this.#running = { run, prepared, live, losses, tiles, numbers, grid, epoch: 0 }
    this.#budget = new FrameBudget()
    this.#ahead = 0
    this.#pace.restart(settings.speed)
    this.#postStarted(prepared)
    await this.#showAll()
    if (play) this.#play()
    else this.#setPlaying(false)
  }

  #postStarted({ kind, test }: Prepared): void {
    const { run, live } = this.#running!
    const { name, description } = live.backend
    this.#post({ type: 'started', run, kind, hasTest: test !== undefined, backend: { name, description } })
  }

  #postRecovery(): void {
    if (!this.#running?.losses.takeRecovery()) return
    const { run, live, epoch } = this.#running
    const { name, description } = live.backend
    const isSlower = name !== 'webgpu'
    this.#post({ type: 'recovered', run, epoch, isSlower, backend: { name, description } })
  }

  #play(): void {
    if (this.#playing || !this.#running) return
    this.#setPlaying(true)
    this.#schedule(0)
  }

  #setPlaying(playing: boolean): void {
    this.#end()
    this.#playing = playing
    this.#pace.restart()
    this.#post({ type: 'state', run: this.#latestRun, playing })
  }

  #end(): void {
    this.#playing = false
    clearTimeout(this.#timer)
  }

  #schedule(milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#attempt(() => this.#frame()), milliseconds)
  }

  /** Trains the epochs that are due, and sends pictures of the networks. */
  async #frame(): Promise<void> {
    if (!this.#playing || !this.#running) return
    const began = performance.now()
    // A page in the background draws nothing.
    if (this.#ahead < MOST_AHEAD) {
      await this.#train(this.#running)
      const { length } = this.#running.tiles
      const count = this.#budget.picturesOf(length)
      const first = this.#next % length
      this.#next = first + count
      const tiles = Array.from({ length: count }, (_, i) => (first + i) % length)
      await this.#postPictures(this.#running, tiles, this.#budget.side)
      if (performance.now() >= this.#nextRanking) await this.#postScores(this.#running)
    }
    if (this.#playing) this.#schedule(Math.max(0, FRAME - (performance.now() - began)))
  }

  async #train(running: Running): Promise<void> {
    const due = Math.min(this.#pace.due, this.#budget.epochs)
    if (this.#pace.untilNext > 0 || due < 1) return
    const began = performance.now()
    await running.live.train(due)
    const took = performance.now() - began
    this.#budget.trained(due, took)
    this.#pace.count(due, took)
    running.epoch += due
  }

  /** The scores, and pictures of all networks with many points, which remain while the training is paused. */
  async #showAll(): Promise<void> {
    if (!this.#running) return
    await this.#postPictures(this.#running, [...this.#running.tiles.keys()], this.#budget.finest)
    await this.#postScores(this.#running)
  }

  async #postPictures(
    { run, live, numbers, tiles, grid, epoch }: Running,
    shown: number[],
    side: number,
  ): Promise<void> {
    const began = performance.now()
    const outputs = await live.outputs(grid.points(side), shown.map((tile) => numbers[tile]!)) // prettier-ignore
    const values = new Uint8Array(shown.length * side * side)
    for (const [place, tile] of shown.entries()) {
      const activation = tiles[tile]!.settings.activations.at(-1)!
      writePicture(values, place, { grid, side, outputs: outputs[place]!, activation })
    }
    this.#budget.drew(shown.length, side, performance.now() - began, tiles.length)
    const epochsPerSecond = this.#playing ? this.#pace.epochsPerSecond : 0
    const { classes } = grid
    const frame = { type: 'frame', run, epoch, epochsPerSecond, side, tiles: Uint16Array.from(shown), values, classes } as const // prettier-ignore
    this.#ahead++
    this.#post(frame, [values.buffer, frame.tiles.buffer])
  }

  async #postScores({ run, live, numbers, epoch }: Running): Promise<void> {
    const began = performance.now()
    const all = await live.scores()
    const scores = Float64Array.from(numbers, (number) => all[number]!.score)
    const losses = Float64Array.from(numbers, (number) => all[number]!.loss)
    const took = performance.now() - began
    this.#nextRanking = performance.now() + Math.max(RANKING_INTERVAL, 10 * took)
    this.#post({ type: 'scores', run, epoch, scores, losses }, [scores.buffer, losses.buffer])
  }

  /** Looks for the cause of a divergence, which takes up to a second. */
  async #explain(tile: number): Promise<void> {
    if (!this.#running) return
    const { run, prepared, live, tiles, numbers } = this.#running
    const number = numbers[tile]!
    const autopsy = await live.explain(number)
    const epoch = live.networks[number]!.epoch + 1
    const cause = autopsy && describeCause(autopsy, { settings: tiles[tile]!.settings, prepared })
    this.#post({ type: 'explained', run, tile, epoch, ...cause })
  }

  async #open(tile: number): Promise<void> {
    if (!this.#running) return
    this.#setPlaying(false)
    const { run, live, tiles, numbers } = this.#running
    const checkpoint = await live.checkpoint(numbers[tile]!)
    this.#post({ type: 'opened', run, settings: tiles[tile]!.settings satisfies Settings, checkpoint })
  }
}

/** Has a lost GPU replaced: by the first network whose state is on it. What is shown needs no GPU. */
async function replaceGPU(live: LiveSweep): Promise<void> {
  const { recoveries } = live
  for (const number of live.networks.keys()) {
    await live.checkpoint(number)
    if (live.recoveries > recoveries) return
  }
}
