import { useEffect, useState } from 'preact/hooks'
import { Slider } from './fields.tsx'
import { FileControls } from './file.tsx'
import { Notices } from './notices.tsx'
import { problemTexts } from './problems.ts'
import { problemNames } from './settings.ts'
import { choose, file, open, opening, settings } from './state.ts'
import { Thumbnail } from './thumbnail.tsx'
import './data.css'

const count = (value: number) => value.toLocaleString('en')

/** The choice of data: a built-in problem or a file. */
export function DataControls() {
  const { problem } = settings.value
  return (
    <section class="part data" aria-labelledby="data-title">
      <h2 id="data-title">Data</h2>
      <p class="hint">{problem === 'file' ? 'Your file' : problemTexts[problem].hint}</p>
      <div class="data-problems" role="group" aria-label="Problem">
        {problemNames
          .filter((name) => name !== 'file')
          .map((name) => (
            <button
              type="button"
              key={name}
              class="data-problem"
              aria-pressed={problem === name}
              title={problemTexts[name].hint}
              onClick={() => {
                choose(name)
              }}
            >
              <Thumbnail problem={name} />
              {problemTexts[name].title}
            </button>
          ))}
      </div>
      <FileChoice />
      <Notices about="data" />
      <Amounts />
    </section>
  )
}

/** How the columns of an opened file are used. */
export function FilePanel() {
  if (settings.value.problem !== 'file') return null
  return (
    <section class="panel" id="file-columns" aria-labelledby="file-title">
      <h2 id="file-title">Your file</h2>
      <FileControls />
    </section>
  )
}

function Amounts() {
  const { problem } = settings.value
  const opened = file.value
  const isFile = problem === 'file'
  const most = isFile ? (opened?.samples ?? 1000) : problem === 'digits' ? 5000 : 2000
  const least = Math.min(50, most)
  return (
    <div class="data-amounts">
      {problem !== 'own' && !(isFile && opened?.kind === 'csv') && (
        <Slider
          name="samples"
          label={problem === 'digits' || isFile ? 'Pictures' : 'Points'}
          min={least}
          max={most}
          step={50}
          unit={count}
        />
      )}
      {problem !== 'own' && !isFile && (
        <Slider name="noise" label="Noise" min={0} max={100} step={5} unit={(v) => `${v} %`} />
      )}
      {problem !== 'own' && (
        <Slider name="test" label="Test data" min={0} max={0.8} step={0.1} unit={(v) => `${Math.round(100 * v)} %`} />
      )}
    </div>
  )
}

/** Opens files that the user chooses, or drops anywhere on the page. */
function FileChoice() {
  const [over, setOver] = useState(false)
  useEffect(() => {
    const dragged = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setOver(event.type === 'dragover')
      if (event.type === 'drop') open([...event.dataTransfer.files])
    }
    const left = (event: DragEvent) => {
      if (!event.relatedTarget) setOver(false)
    }
    document.addEventListener('dragover', dragged)
    document.addEventListener('drop', dragged)
    document.addEventListener('dragleave', left)
    return () => {
      document.removeEventListener('dragover', dragged)
      document.removeEventListener('drop', dragged)
      document.removeEventListener('dragleave', left)
    }
  }, [])
  const isFile = settings.value.problem === 'file'
  const title = isFile && file.value ? file.value.name : 'Open a file'
  return (
    <>
      <label
        class={over ? 'file over' : 'file'}
        title="CSV, or IDX files such as MNIST. You can also drop the file on the page. It stays on this computer."
      >
        <b>{opening.value ? 'Reading …' : title}</b>
        <span>CSV or IDX. It stays on this computer.</span>
        <input
          type="file"
          aria-label="Open a file"
          multiple
          accept=".csv,.tsv,.txt,.gz,.idx,text/csv,application/octet-stream"
          onChange={({ currentTarget }) => {
            if (currentTarget.files && currentTarget.files.length > 0) open([...currentTarget.files])
            currentTarget.value = ''
          }}
        />
      </label>
      {isFile && (
        <button
          type="button"
          class="data-columns"
          onClick={() => document.getElementById('file-columns')?.scrollIntoView({ behavior: 'smooth' })}
        >
          Columns ↓
        </button>
      )}
    </>
  )
}
