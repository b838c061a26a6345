export type FilmFormat = 'video' | 'gif'

/** The frames of a film. */
export interface Frames {
  count: number
  /** Draws a frame over the whole canvas. */
  draw: (context: CanvasRenderingContext2D, index: number) => void
  /** Width and height in the units of a frame. */
  width: number
  height: number
}

/** A film, and the ending of its name. */
export interface Finished {
  blob: Blob
  ending: 'webm' | 'mp4' | 'gif'
}

export const FRAMES_PER_SECOND = 15
/** How long the last frame remains, in seconds. */
export const LAST = 2

export function canvasFor({ width, height }: Frames, scale: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas')
  canvas.width = width * scale
  canvas.height = height * scale
  return canvas.getContext('2d', { willReadFrequently: true })!
}

/** Lets the page respond between two frames. */
export const nextTask = () => new Promise((resolve) => setTimeout(resolve))
