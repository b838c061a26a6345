import { useRef } from 'preact/hooks'
import { formatScore, percent } from '../numbers.ts'
import { Term } from '../terms/term.tsx'
import { axes, describeTile } from './axes.ts'
import { WallCanvas } from './canvas.tsx'
import { byScore, holdOrder, openTile, order, pointed, ranking, scores, shown, started, wall } from './state.ts'

/** How many of the best networks have their rank on the wall. */
const MARKED = 5

/** A score in words: 98.0 %, R² 0.98, or that the network diverged. */
export function scoreText(tile: number): string {
  const score = scores.value[tile]
  if (score === undefined) return '–'
  if (Number.isNaN(score)) return 'diverged'
  return started.value?.kind === 'regression' ? `R² ${formatScore(score)}` : percent(score)
}

/** The wall with its axes. */
export function Tiles() {
  const { across, up } = wall.value
  const { wallAcross, wallUp } = shown.value
  const isRanked = byScore.value
  const [horizontal, vertical] = [axes[wallAcross], axes[wallUp]]
  const longest = Math.max(...across.map(({ text }) => text.length))
  const shape = { '--columns': across.length, '--rows': up.length, '--longest': longest }
  return (
    <figure class="wall" style={shape} data-rotated={longest > 4 && !isRanked}>
      <div class="wall-name-y">
        {!isRanked && (
          <>
            <Term name={vertical.term}>{vertical.title}</Term> ↑
          </>
        )}
      </div>
      <ol class="wall-ticks-y" aria-hidden="true">
        {up.map(({ text }) => (
          <li key={text}>{isRanked ? '' : text}</li>
        ))}
      </ol>
      <div class="wall-square">
        <WallCanvas columns={across.length} rows={up.length} />
        <Cells columns={across.length} rows={up.length} />
      </div>
      <ol class="wall-ticks-x" aria-hidden="true">
        {across.map(({ text }) => (
          <li key={text}>
            <span>{isRanked ? '' : text}</span>
          </li>
        ))}
      </ol>
      <figcaption class="wall-name-x">
        {isRanked ? (
          'The best network first, then row by row'
        ) : (
          <>
            <Term name={horizontal.term}>{horizontal.title}</Term> →
          </>
        )}
      </figcaption>
    </figure>
  )
}

const moves: Readonly<Record<string, readonly [columns: number, rows: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** A cell over each tile: it takes the pointer and the focus. */
function Cells({ columns, rows }: { columns: number; rows: number }) {
  const ref = useRef<HTMLDivElement>(null)
  const tiles = order.value
  const current = pointed.value ?? tiles[0]
  const ranks = new Map(ranking.value.slice(0, MARKED).map((tile, rank) => [tile, rank + 1]))
  const focusSlot = (slot: number) => {
    const cell = ref.current?.querySelectorAll<HTMLElement>('[role=gridcell]')[slot]
    cell?.focus()
  }
  const onKeyDown = (event: KeyboardEvent, slot: number) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      openTile(tiles[slot]!)
      return
    }
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    const column = Math.min(columns - 1, Math.max(0, (slot % columns) + move[0]))
    const row = Math.min(rows - 1, Math.max(0, Math.floor(slot / columns) + move[1]))
    focusSlot(row * columns + column)
  }
  return (
    <div
      ref={ref}
      class="wall-cells"
      role="grid"
      aria-label={`Decision regions of ${tiles.length} networks. Arrow keys move, Enter opens a network.`}
      onPointerEnter={() => {
        holdOrder(true)
      }}
      onPointerLeave={() => {
        pointed.value = undefined
        holdOrder(false)
      }}
      onFocusIn={() => {
        holdOrder(true)
      }}
      onFocusOut={() => {
        holdOrder(false)
      }}
    >
      {Array.from({ length: rows }, (_, row) => (
        <div role="row" key={row}>
          {tiles.slice(row * columns, (row + 1) * columns).map((tile, column) => {
            const rank = ranks.get(tile)
            const hasDiverged = Number.isNaN(scores.value[tile])
            return (
              <div
                key={column}
                role="gridcell"
                tabIndex={tile === current ? 0 : -1}
                aria-label={`${describeTile(shown.value, wall.value, wall.value.tiles[tile]!)}${rank ? `, rank ${rank}` : ''}${hasDiverged ? ', diverged' : ''}`}
                data-tile={tile}
                data-rank={rank}
                data-diverged={hasDiverged || undefined}
                onPointerEnter={() => {
                  pointed.value = tile
                }}
                onFocus={() => {
                  pointed.value = tile
                }}
                onClick={() => {
                  openTile(tile)
                }}
                onKeyDown={(event) => {
                  onKeyDown(event, row * columns + column)
                }}
              >
                {rank && <b aria-hidden="true">{rank}</b>}
              </div>
            )
          })}
        </div>
      ))}
    </div>
  )
}
