/** Adds a button to each program of the cookbook, which opens an editor. The editor is loaded when the first one is opened. */
export function addButtons(): void {
  if (!document.querySelector('.cookbook')) return
  for (const block of document.querySelectorAll<HTMLElement>('.cookbook .language-js')) {
    if (block.querySelector('.snippet-open')) continue
    let heading = block.previousElementSibling
    while (heading && heading.tagName !== 'H2') heading = heading.previousElementSibling
    const title = heading?.textContent.replace(/[\u200b#]/g, '').trim() ?? 'Program'
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'snippet-open'
    button.textContent = 'Edit and run'
    button.setAttribute('aria-label', `Edit and run: ${title}`)
    button.addEventListener('click', () => {
      void import('./editor.ts').then(({ openEditor }) => {
        openEditor(block, title)
      })
    })
    block.append(button)
  }
}
