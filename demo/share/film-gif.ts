import { applyPalette, GIFEncoder, quantize } from 'gifenc'
import { canvasFor, type Finished, type Frames, FRAMES_PER_SECOND, LAST, nextTask } from './film-frames.ts'

/** A GIF is smaller than a video, because it compresses less. */
const SCALE = 2 / 3

/** An animated GIF, which every browser, document and chat shows. All frames have the colours of the last one. */
export async function makeGif(frames: Frames, onProgress: (share: number) => void): Promise<Finished> {
  const context = canvasFor(frames, SCALE)
  const { width, height } = context.canvas
  const pixels = (index: number) => {
    frames.draw(context, index)
    return context.getImageData(0, 0, width, height).data
  }
  const palette = quantize(pixels(frames.count - 1), 256)
  const gif = GIFEncoder()
  for (let i = 0; i < frames.count; i++) {
    const delay = i === frames.count - 1 ? 1000 * LAST : 1000 / FRAMES_PER_SECOND
    gif.writeFrame(applyPalette(pixels(i), palette), width, height, { ...(i === 0 && { palette }), delay })
    onProgress((i + 1) / frames.count)
    await nextTask()
  }
  gif.finish()
  return { blob: new Blob([gif.bytes()], { type: 'image/gif' }), ending: 'gif' }
}
