import { escapeHtml } from '../report/html.ts'

/** A command that can be copied; the script of the page finds the button by its attribute. */
export function commandBlock(command: string, label: string): string {
  return (
    `<div class="command"><code tabindex="0">${escapeHtml(command)}</code>` +
    `<button type="button" data-copy="${escapeHtml(command)}" aria-label="${escapeHtml(label)}">Copy</button></div>`
  )
}
