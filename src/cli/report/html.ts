import { createHash } from 'node:crypto'
import chartStyle from 'uplot/dist/uPlot.min.css?raw'
import chartLibrary from 'uplot/dist/uPlot.iife.min.js?raw'
import language from './language.js?raw'
import { version } from '../../../package.json'
import charts from './charts.js?raw'
import pageStyle from './page.css?raw'
import printStyle from './print.css?raw'

/** Colours that colour-blind people can distinguish (Okabe and Ito 2008), as red, green, blue. */
export const palette = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [213, 94, 0], [86, 180, 233], [240, 228, 66], [110, 110, 110], [120, 60, 20], [90, 60, 160]] as const // prettier-ignore

/** Takes a text for what it is, in markup and in attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

/** JSON for a script element: nothing in it can close the element or open another. */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** A row of names and values. */
export function namedRows(rows: readonly (readonly [string, string])[]): string {
  return rows
    .map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`)
    .join('')
}

/** A table that scrolls where it is too wide. All text is escaped; `body` is markup, rows of it. */
export function dataTable(
  head: readonly string[],
  body: string,
  { label, kind = '' }: { label: string; kind?: string },
) {
  const cells = head.map((text) => (text === '' ? '<td></td>' : `<th scope="col">${escapeHtml(text)}</th>`)).join('')
  return (
    `<div class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(label)}">` +
    `<table class="data ${kind}"><thead><tr>${cells}</tr></thead><tbody>${body}</tbody></table></div>`
  )
}

/** What a page is made of. */
export interface Page {
  title: string
  eyebrow: string
  summary: string
  /** Markup. */
  body: string
  /** What the script finds as JSON in the element `run`. */
  payload: object
  /** A script that draws the charts; runs after uPlot and `charts.js`. */
  script: string
  /** Styles after those of every page. */
  styles?: string
}

/** The start of the payload in a page; nothing in it holds a `<`, so that it ends at the next one. */
export const payloadStart = '<script type="application/json" id="run">'

/** The hash of an element's text, as a Content-Security-Policy names the elements that it allows. */
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** As HTML is read: with one kind of line ends. */
const asRead = (text: string) => text.replace(/\r\n?/g, '\n')

/**
 * One self-contained HTML file. Its policy forbids to load anything, and to run scripts and use styles that are not those of
 * this function: `body` has no style attributes.
 */
export function makePage({ title, eyebrow, summary, body, payload, script, styles = '' }: Page): string {
  const style = asRead(`${chartStyle}\n${pageStyle}${printStyle}${styles}`)
  const scripts = [`${language}\n${chartLibrary}`, `${charts}\n${script}`].map(asRead)
  const policy = `default-src 'none'; style-src ${hashOf(style)}; script-src ${scripts.map(hashOf).join(' ')}; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="webgpu-mlp ${version}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">${escapeHtml(eyebrow)}</p>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(summary)}</p>
</header>
${body}
<footer>Made by webgpu-mlp ${version} on ${now()}.</footer>
</main>
<noscript>The charts of this report are drawn by a script in this file; scripts are switched off here.</noscript>
${payloadStart}${escapeJson({ ...payload, palette })}</script>
${scripts.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>
`
}

/** The time, to the minute, in UTC. */
export function now(): string {
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
