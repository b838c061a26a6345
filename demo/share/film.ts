import type { FilmFormat, Finished, Frames } from './film-frames.ts'

/**
 * Makes a film; the encoders are loaded when they are needed. Where a browser has no video encoder, or its encoder fails, the film is a GIF.
 * @param onProgress called with the share of the frames that are done, 0 to 1
 */
export async function makeFilm(
  frames: Frames,
  format: FilmFormat,
  onProgress: (share: number) => void,
): Promise<Finished> {
  if (format === 'video') {
    const { makeVideo } = await import('./film-video.ts')
    const video = await makeVideo(frames, onProgress).catch(() => undefined)
    if (video) return video
  }
  const { makeGif } = await import('./film-gif.ts')
  return makeGif(frames, onProgress)
}
