import { useEffect, useRef } from 'preact/hooks'
import type { Wall, WallPicture } from '../payload.ts'
import { describe } from './axes.ts'
import { textOfScore } from './format.ts'
import { bytesOf, run } from './run.ts'
import { hovered, select, selected } from './state.ts'

/** Pixels per side of the picture that shows the samples. */
const LARGE = 480

type Colours = Uint8Array
const cssOf = (colours: Colours, place: number) => `rgb(${[...colours.subarray(3 * place, 3 * place + 3)].join(' ')})`

/** A picture in its own size. */
function paint({ width, height, values }: WallPicture, colours: Colours): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const context = canvas.getContext('2d')!
  const image = context.createImageData(width, height)
  bytesOf(values).forEach((place, i) => {
    image.data.set(colours.subarray(3 * place, 3 * place + 3), 4 * i)
    image.data[4 * i + 3] = 255
  })
  context.putImageData(image, 0, 0)
  return canvas
}

function drawPicture(canvas: HTMLCanvasElement, picture: WallPicture, colours: Colours, points?: Wall['points']): void {
  const context = canvas.getContext('2d')!
  const { width, height } = canvas
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  // The regions are paler than the samples on them.
  context.globalAlpha = points ? 0.55 : 0.8
  context.imageSmoothingQuality = 'high'
  context.drawImage(paint(picture, colours), 0, 0, width, height)
  context.globalAlpha = 1
  points?.x.forEach((x, i) => {
    context.beginPath()
    context.arc(x * width, points.y[i]! * height, width / 75, 0, 2 * Math.PI)
    context.fillStyle = cssOf(colours, points.colour[i]!)
    context.fill()
    context.lineWidth = width / 280
    context.strokeStyle = 'rgba(255,255,255,0.95)'
    context.stroke()
  })
}

interface PictureProps {
  readonly network: number
  readonly picture: WallPicture
  readonly colours: Colours
  /** Shows the samples, too, and the picture in large. */
  readonly points?: Wall['points']
}

function Picture({ network, picture, colours, points }: PictureProps) {
  const place = useRef<HTMLCanvasElement>(null)
  const side = points ? LARGE : 2 * picture.width
  useEffect(() => drawPicture(place.current!, picture, colours, points), [])
  return (
    <button
      type="button"
      class={points ? 'picture large' : 'picture'}
      aria-pressed={selected.value === network}
      title={describe(network)}
      onPointerEnter={() => (hovered.value = network)}
      onPointerLeave={() => (hovered.value = undefined)}
      onClick={() => select(network)}
    >
      <canvas ref={place} width={side} height={side} />
      <span>
        <b>#{picture.rank}</b> {textOfScore(run.scores[network])}
      </span>
      {points && <small>{describe(network)}</small>}
    </button>
  )
}

/** What the best networks compute over the plane. */
export function WallOfPictures({ wall: { pictures, points, colours, legend, kind, features } }: { wall: Wall }) {
  const table = bytesOf(colours)
  const shown = pictures.flatMap((picture) => {
    const network = run.ranks.indexOf(picture.rank)
    return network < 0 ? [] : [{ picture, network }]
  })
  if (shown.length === 0) return null
  return (
    <section aria-labelledby="wall-title">
      <h2 id="wall-title">{kind === 'classes' ? 'Decision regions' : 'Predictions'} of the best networks</h2>
      <p class="note">
        Across: {features[0]}; up: {features[1]}. The points are the samples.
      </p>
      <div class="legend">
        {legend.map(({ name, colour }) => (
          <span key={colour}>
            <i style={{ background: cssOf(table, colour) }} />
            {name}
          </span>
        ))}
      </div>
      <div class="wall">
        {shown.map(({ picture, network }, i) => (
          <Picture
            key={network}
            picture={picture}
            network={network}
            colours={table}
            {...(i === 0 && shown.length > 1 && { points })}
          />
        ))}
      </div>
    </section>
  )
}
