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

const derivation: Item = page('The derivation', '/derivation')

const guide: Item = {
  text: 'Guides',
  items: [
    page('Data', '/guide/data'),
    page('Training', '/guide/training'),
    page('Evaluating', '/guide/evaluating'),
    page('Deploying a model', '/guide/deploying'),
    page('Sweeps', '/guide/sweeps'),
    page('Checkpoints', '/guide/checkpoints'),
    page('The command line in practice', '/guide/commands'),
    page('The demo page', '/guide/page'),
    page('GPUs and browsers', '/guide/gpus'),
    page('Bundlers and runtimes', '/guide/bundlers'),
    page('Troubleshooting', '/guide/troubleshooting'),
    page('Cookbook', '/cookbook'),
    page('Coming from Keras, PyTorch …', '/coming-from/'),
  ],
}

const background: Item = {
  text: 'Background',
  items: [
    derivation,
    page('Architecture', '/background/architecture'),
    page('How it is verified', '/background/verification'),
    page('Reliability', '/background/reliability'),
    page('A sweep on a cluster', '/background/cluster'),
    page('Speed', '/background/speed'),
    page('Measurements', '/background/measurements'),
    page('Changelog', '/background/changelog'),
  ],
}

const sidebarFile = fileURLToPath(new URL('../reference/typedoc-sidebar.json', import.meta.url))

/** The pages of the reference, which docs/generate.js writes. */
function reference(): Item[] {
  if (!existsSync(sidebarFile)) return []
  const items = JSON.parse(readFileSync(sidebarFile, 'utf8')) as Item[]
  const other: Item = {
    text: 'Reference',
    items: [
      page('Command line', '/reference/command-line'),
      page('Errors and messages', '/reference/errors'),
      page('Names in other libraries', '/reference/names'),
    ],
  }
  return [other, ...items.map((item) => ({ ...item, collapsed: false }))]
}

export const guides: Item[] = [start, guide, background]

export const sidebar: DefaultTheme.Sidebar = { '/reference/': reference(), '/': guides }
