/** Copies a text; where the browser denies access to the clipboard, by the selection of a text field. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement('textarea')
    field.value = text
    field.style.position = 'fixed'
    document.body.append(field)
    field.select()
    // The only way on pages without access to the clipboard.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    const isCopied = document.execCommand('copy')
    field.remove()
    return isCopied
  }
}

/** Makes every button with the attribute `data-copy` copy its text, and say so. */
export function copyOnClick(): void {
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLButtonElement>('button[data-copy]') : null
    if (!button) return
    void copy(button.dataset.copy ?? '').then((isCopied) => {
      button.textContent = isCopied ? 'Copied' : 'Not copied'
      setTimeout(() => {
        button.textContent = 'Copy'
      }, 1500)
      button.focus()
    })
  })
}
