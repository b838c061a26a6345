import { javascript } from '@codemirror/lang-javascript'
import { EditorView } from '@codemirror/view'
import { basicSetup } from 'codemirror'
import { programOf } from './program.ts'

const button = (text: string, act: () => void) => {
  const element = document.createElement('button')
  element.type = 'button'
  element.textContent = text
  element.addEventListener('click', act)
  return element
}

type Answer = { line: string } | { done: true; failed?: boolean }

/** Replaces a code block by an editor with the same code, and runs it. */
export function openEditor(block: HTMLElement, title: string): void {
  const code = block.querySelector('code')?.textContent.trimEnd() ?? ''
  const frame = document.createElement('div')
  frame.className = 'snippet'
  const output = document.createElement('pre')
  output.className = 'snippet-output'
  output.setAttribute('aria-live', 'polite')
  output.setAttribute('aria-label', `Output of: ${title}`)
  output.tabIndex = 0
  let worker: Worker | undefined

  const end = () => {
    worker?.terminate()
    worker = undefined
    run.textContent = 'Run'
  }
  const start = () => {
    output.textContent = ''
    const write = (line: string) => (output.textContent += `${line}\n`)
    try {
      const program = programOf(view.state.doc.toString())
      worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
      run.textContent = 'Stop'
      worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
        if ('line' in data) write(data.line)
        else {
          if (output.textContent === '') write('Done; the program showed nothing.')
          end()
        }
      })
      worker.addEventListener('error', ({ message }) => {
        write(message || 'The program could not be started.')
        end()
      })
      worker.postMessage(program)
    } catch (error) {
      write(String(error))
    }
  }
  const run = button('Run', () => {
    if (worker) end()
    else start()
  })
  run.className = 'main'
  const reset = button('Reset', () => {
    end()
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: code } })
    output.textContent = ''
  })
  const bar = document.createElement('div')
  bar.className = 'snippet-bar'
  bar.append(run, reset)
  const view = new EditorView({
    doc: code,
    extensions: [
      basicSetup,
      javascript(),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': `Code of: ${title}` }),
    ],
  })
  frame.append(view.dom, bar, output)
  block.replaceWith(frame)
  view.focus()
  start()
}
