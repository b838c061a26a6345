import { useEffect, useState } from 'preact/hooks'
import { Slider } from './fields.tsx'
import { FileControls } from './file.tsx'
import { Notices } from './notices.tsx'
import { problemTexts } from './problems.ts'
import { problemNames } from './settings.ts'
import { choose, file, open, opening, settings } from './state.ts'

const count = (value: number) => value.toLocaleString('en')

/** The choice of data: a built-in problem or a file. */
export function DataControls() {
  const { problem } = settings.value
  return (
    <section class="panel" aria-labelledby="data-title">
      <h2 id="data-title">Data</h2>
      <div class="problems" role="group" aria-label="Problem">
        {problemNames
          .filter((name) => name !== 'file')
          .map((name) => (
            <button
              type="button"
              key={name}
              aria-pressed={problem === name}
              onClick={() => {
                choose(name)
              }}
            >
              {problemTexts[name].title}
            </button>
          ))}
      </div>
      <FileChoice />
      <Notices about="data" />
      {problem === 'file' ? <FileControls /> : <p class="hint">{problemTexts[problem].hint}</p>}
      <Amounts />
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
    <>
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
        <Slider
          name="test"
          label="Held out for testing"
          min={0}
          max={0.8}
          step={0.1}
          unit={(v) => `${Math.round(100 * v)} %`}
        />
      )}
    </>
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
  return (
    <label class={over ? 'file over' : 'file'}>
      <b>{opening.value ? 'Reading …' : 'Open a file'}</b>
      <span>CSV, or IDX files such as MNIST. You can also drop it on the page. It stays on this computer.</span>
      <input
        type="file"
        multiple
        accept=".csv,.tsv,.txt,.gz,.idx,text/csv,application/octet-stream"
        onChange={({ currentTarget }) => {
          if (currentTarget.files && currentTarget.files.length > 0) open([...currentTarget.files])
          currentTarget.value = ''
        }}
      />
    </label>
  )
}
