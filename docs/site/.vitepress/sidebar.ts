import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DefaultTheme } from 'vitepress'

type Item = DefaultTheme.SidebarItem

const page = (text: string, link: string): Item => ({ text, link })

const start: Item = {
  text: 'Start',
  items: [
    page('In a browser', '/start/browser'),
    page('In Node', '/start/node'),
    page('On the command line', '/start/command-line'),
  ],
}

const background: Item = {
  text: 'Background',
  items: [
    page('Architecture', '/background/architecture'),
    page('How it is verified', '/background/verification'),
    page('Reliability', '/background/reliability'),
    page('Measurements', '/background/measurements'),
    page('Changelog', '/background/changelog'),
  ],
}

const sidebarFile = fileURLToPath(new URL('../reference/typedoc-sidebar.json', import.meta.url))

/** The pages of the reference, which docs/generate.js writes. */
function reference(): Item[] {
  if (!existsSync(sidebarFile)) return []
  return JSON.parse(readFileSync(sidebarFile, 'utf8')) as Item[]
}

export const guides: Item[] = [start, background]

export const sidebar: DefaultTheme.Sidebar = { '/reference/': reference(), '/': guides }
