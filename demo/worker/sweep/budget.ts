/** Frames per second at which the wall is drawn where the computer is fast enough, and the milliseconds of one. */
export const FRAME = 1000 / 30

/** Points along each side of a picture, while the networks train; the last also for pictures that remain. */
const SIDES = [18, 24, 32, 44] as const

/** The shares of a frame for the pictures and for the training. */
const SHARES = { pictures: 0.4, training: 0.45 }

/** The frames after which each picture is at least as new as this; with fewer points if it takes longer. */
const MOST_FRAMES = 2

/** How much of each measurement counts for the mean. */
const WEIGHT = 0.2

const mean = (before: number, now: number) => (before === 0 ? now : before + WEIGHT * (now - before))

/**
 * Decides how many epochs are trained and how many pictures are computed for a frame, from the time that those before took.
 * On a slow computer a frame has only some of the pictures, and these have fewer points.
 */
export class FrameBudget {
  #epochTime = 0
  /** Of one point of one picture. */
  #pointTime = 0
  #level = 2

  /** Points along each side of a picture. */
  get side(): number {
    return SIDES[this.#level]!
  }

  /** For pictures that are not replaced soon. */
  get finest(): number {
    return SIDES.at(-1)!
  }

  /** How many epochs fit into a frame; at least one. */
  get epochs(): number {
    return this.#epochTime === 0 ? 1 : Math.max(1, Math.floor((SHARES.training * FRAME) / this.#epochTime))
  }

  /** How many pictures are computed for the next frame. */
  picturesOf(networks: number): number {
    if (this.#pointTime === 0) return networks
    const fitting = Math.floor((SHARES.pictures * FRAME) / (this.#pointTime * this.side ** 2))
    return Math.min(networks, Math.max(Math.ceil(networks / 12), fitting))
  }

  trained(epochs: number, milliseconds: number): void {
    this.#epochTime = mean(this.#epochTime, milliseconds / epochs)
  }

  /** Takes the time of some pictures, and changes their number of points where it does not suit this computer. */
  drew(pictures: number, side: number, milliseconds: number, networks: number): void {
    this.#pointTime = mean(this.#pointTime, milliseconds / (pictures * side ** 2))
    const frames = (level: number) => (this.#pointTime * SIDES[level]! ** 2 * networks) / (SHARES.pictures * FRAME)
    if (this.#level > 0 && frames(this.#level) > MOST_FRAMES) this.#level--
    else if (this.#level < SIDES.length - 1 && frames(this.#level + 1) < 0.7) this.#level++
  }
}
