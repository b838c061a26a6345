import { BufferTarget, CanvasSource, getFirstEncodableVideoCodec, Mp4OutputFormat, Output, Quality, WebMOutputFormat } from 'mediabunny' // prettier-ignore
import { canvasFor, type Finished, type Frames, FRAMES_PER_SECOND, LAST, nextTask } from './film-frames.ts'

/** A video by the browser's own encoder: WebM, or MP4 where the browser encodes H.264 only. Undefined without an encoder. */
export async function makeVideo(frames: Frames, onProgress: (share: number) => void): Promise<Finished | undefined> {
  if (typeof VideoEncoder === 'undefined') return undefined
  const { width, height } = frames
  const codec = await getFirstEncodableVideoCodec(['vp9', 'vp8', 'avc'], { width, height })
  if (!codec) return undefined
  const ending = codec === 'avc' ? 'mp4' : 'webm'
  const target = new BufferTarget()
  const output = new Output({ format: ending === 'mp4' ? new Mp4OutputFormat() : new WebMOutputFormat(), target })
  const context = canvasFor(frames, 1)
  const source = new CanvasSource(context.canvas, { codec, quality: new Quality('high') })
  output.addVideoTrack(source, { frameRate: FRAMES_PER_SECOND })
  await output.start()
  for (let i = 0; i < frames.count; i++) {
    frames.draw(context, i)
    const isLast = i === frames.count - 1
    await source.add(i / FRAMES_PER_SECOND, isLast ? LAST : 1 / FRAMES_PER_SECOND)
    onProgress((i + 1) / frames.count)
    await nextTask()
  }
  // A player shows the last frame until the next one begins.
  await source.add(frames.count / FRAMES_PER_SECOND + LAST, 1 / FRAMES_PER_SECOND)
  await output.finalize()
  return { blob: new Blob([target.buffer!], { type: `video/${ending}` }), ending }
}
