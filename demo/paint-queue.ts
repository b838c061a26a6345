/**
 * The most small pictures to paint in one frame. The browser copies each canvas that has changed when the frame ends;
 * with all pictures of a network and of its mistakes at once, the page would not respond for more than 100 ms.
 */
const PER_FRAME = 12

/** What is painted next on each canvas. */
const waiting = new Map<HTMLCanvasElement, () => void>()

/** Paints a small picture in one of the next frames, unless something newer is to be painted on its canvas by then. */
export function paintSoon(canvas: HTMLCanvasElement, paint: () => void): void {
  if (waiting.size === 0) requestAnimationFrame(paintSome)
  waiting.set(canvas, paint)
}

function paintSome(): void {
  for (const [canvas, paint] of [...waiting].slice(0, PER_FRAME)) {
    waiting.delete(canvas)
    paint()
  }
  if (waiting.size > 0) requestAnimationFrame(paintSome)
}
