import { useEffect } from 'preact/hooks'
import { toHash } from '../link.ts'
import type { Settings } from '../settings.ts'
import { change, settings } from '../state.ts'
import { Share } from '../share/share.tsx'
import { BackendChip } from './backend-chip.tsx'
import './header.css'

const tabs: readonly [name: Settings['tab'], text: string, title: string][] = [
  ['play', 'Play', 'webgpu-mlp: watch a neural network learn'],
  ['learn', 'How it learns', 'How a neural network learns: webgpu-mlp'],
  ['wall', '144 at once', '144 neural networks learn at once: webgpu-mlp'],
]

/** The title, the parts of the page, and what the network runs on. */
export function Header() {
  const { tab } = settings.value
  useEffect(() => {
    document.title = tabs.find(([name]) => name === tab)![2]
  }, [tab])
  return (
    <header class="head">
      <h1>
        Watch a <b>neural network</b> learn.
      </h1>
      <p>Press play, change anything. You cannot break it.</p>
      <nav aria-label="Parts of the page">
        {tabs.map(([name, text]) => (
          <a
            key={name}
            href={`#${toHash({ ...settings.value, tab: name })}`}
            aria-current={tab === name ? 'page' : undefined}
            onClick={(event) => {
              event.preventDefault()
              change({ tab: name })
            }}
          >
            {text}
          </a>
        ))}
      </nav>
      <BackendChip />
      <Share />
    </header>
  )
}
