/** Pixels between the explanation and what it explains, and between it and the edges of the window. */
const GAP = 6

interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** The smallest box around both. */
const join = (a: Box, b: Box): Box => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom),
})

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(value, high))

/**
 * Where an explanation fits without covering the term and the control in its label: below them, above, or beside them.
 * @returns the top left corner, in pixels of the window
 */
export function choosePlace(
  covered: Box,
  size: { width: number; height: number },
  view: { width: number; height: number },
): { left: number; top: number } {
  const left = clamp(covered.left, GAP, view.width - size.width - GAP)
  const below = covered.bottom + GAP
  if (below + size.height <= view.height) return { left, top: below }
  const above = covered.top - GAP - size.height
  if (above >= 0) return { left, top: above }
  const top = clamp(covered.top, GAP, view.height - size.height - GAP)
  const right = covered.right + GAP
  return { left: right + size.width <= view.width ? right : Math.max(0, covered.left - GAP - size.width), top }
}

/** The place of the explanation of a term in the page. */
export function placeFor(anchor: HTMLElement, popover: HTMLElement): { left: number; top: number } {
  const control = anchor.closest('label')?.control
  const own = anchor.getBoundingClientRect()
  const covered = control ? join(own, control.getBoundingClientRect()) : own
  const { clientWidth: width, clientHeight: height } = document.documentElement
  return choosePlace(covered, { width: popover.offsetWidth, height: popover.offsetHeight }, { width, height })
}
