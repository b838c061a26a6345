/** Shows the lessons of a page, whose code is loaded only there. */
export function showLessons(): void {
  const elements = document.querySelectorAll<HTMLElement>('[data-lesson]')
  if (elements.length === 0) return
  void import('./mount.tsx').then(({ mountLesson }) => {
    for (const element of elements) mountLesson(element)
  })
}
