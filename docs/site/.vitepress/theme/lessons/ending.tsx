/** In the place of demo/learn/ending.tsx: the site has no settings and no other tab, so a lesson ends without buttons. */
export const Ending = () => null

/** Shows another lesson of this page, counted from 1. */
export function openPage(page: number): void {
  document.querySelectorAll('[data-lesson]')[page - 1]?.scrollIntoView()
}
