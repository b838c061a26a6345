import { signal } from '@preact/signals'
import { palette } from '../colours.ts'
import { problemTexts } from '../problems.ts'
import { data, history, progress, settings } from '../state.ts'
import { download } from './download.ts'
import type { FilmFormat } from './film-frames.ts'
import { drawFrame, FRAME, type Scene } from './frame.ts'
import { momentOf, recordedMoments } from './moment.ts'

/** Pixels of a saved picture per unit of a frame. */
const PICTURE_SCALE = 2

function currentScene(): Scene | undefined {
  const shown = data.value?.shown
  if (!shown || !progress.value) return undefined
  const { problem, file, activations } = settings.value
  const name = problem === 'file' ? file : problemTexts[problem].title
  const title = [name, progress.value.network.sizes.join('-'), [...new Set(activations)].join(', ')].join(' · ')
  return { shown, history: history.value, colours: palette(), title }
}

/** The name of a saved file without its ending: the problem and the epoch. */
const fileName = () => `${settings.value.problem}-epoch-${progress.value?.epoch ?? 0}`

/** Saves network and plane, with their scores, as one picture. */
export function SavePicture() {
  const save = () => {
    const scene = currentScene()
    const canvas = document.createElement('canvas')
    canvas.width = FRAME.width * PICTURE_SCALE
    canvas.height = FRAME.height * PICTURE_SCALE
    const context = canvas.getContext('2d')
    if (!scene || !context) return
    drawFrame(context, momentOf(progress.value!), scene)
    canvas.toBlob((blob) => {
      if (blob) download(`${fileName()}.png`, blob)
    })
  }
  return (
    <p>
      <button type="button" onClick={save}>
        Save the picture
      </button>
      <small>The network and what it predicts, as PNG.</small>
    </p>
  )
}

const format = signal<FilmFormat>('video')
/** How much of the film is done, 0 to 1, while it is made. */
const share = signal<number | undefined>(undefined)
const result = signal('')

async function saveFilm(): Promise<void> {
  const scene = currentScene()
  if (!scene || share.value !== undefined) return
  const moments = recordedMoments()
  share.value = 0
  result.value = ''
  try {
    const { makeFilm } = await import('./film.ts')
    const draw = (context: CanvasRenderingContext2D, i: number) => {
      drawFrame(context, moments[i]!, scene)
    }
    const film = await makeFilm({ count: moments.length, draw, ...FRAME }, format.value, (done) => {
      share.value = done
    })
    const name = `${fileName()}.${film.ending}`
    download(name, film.blob)
    const isOther = format.value === 'video' && film.ending === 'gif'
    result.value = `Saved ${name}${isOther ? ', because this browser cannot make videos' : ''}.`
  } catch (error) {
    result.value = `The film cannot be made: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    share.value = undefined
  }
}

/** Saves a film of the run from its start until now. */
export function SaveFilm() {
  return (
    <p>
      <button
        type="button"
        disabled={share.value !== undefined}
        onClick={() => {
          void saveFilm()
        }}
      >
        {share.value === undefined ? 'Save a film' : `Making the film: ${Math.round(100 * share.value)} %`}
      </button>
      <label class="format">
        <span>as</span>
        <select
          aria-label="Format of the film"
          value={format.value}
          onChange={({ currentTarget }) => {
            format.value = currentTarget.value as FilmFormat
          }}
        >
          <option value="video">video (WebM)</option>
          <option value="gif">GIF animation</option>
        </select>
      </label>
      <small role="status">{result.value || 'The run from its start until now, in ten seconds.'}</small>
    </p>
  )
}
