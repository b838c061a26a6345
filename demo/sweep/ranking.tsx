import { useEffect } from 'preact/hooks'
import { percent } from '../numbers.ts'
import { Term } from '../terms/term.tsx'
import { Value } from '../value.tsx'
import { axes, describeTile } from './axes.ts'
import { TilePicture } from './canvas.tsx'
import {
  causes,
  explain,
  failure,
  holdOrder,
  openTile,
  pointed,
  ranking,
  scores,
  shown,
  shownRanking,
  started,
  wall,
} from './state.ts'
import { scoreText } from './tiles.tsx'

/** How many networks the list has. */
const LISTED = 6

/** The name of the score by which the networks are ranked. */
function ScoreName() {
  const { kind, hasTest } = started.value ?? { kind: 'classes', hasTest: true }
  if (kind === 'regression') return <Term name="r2">{hasTest ? 'test' : 'training'} R²</Term>
  return hasTest ? <Term name="testScore">test score</Term> : <Term name="trainingScore">training score</Term>
}

/** The network under the pointer or with the focus, else the best one. */
export function Details() {
  const best = ranking.value[0]
  const tile = pointed.value ?? best
  if (tile === undefined) return <section class="wall-details" aria-label="One network" />
  const { wallAcross, wallUp } = shown.value
  const { across, up, tiles } = wall.value
  const { column, row } = tiles[tile]!
  const rank = ranking.value.indexOf(tile) + 1
  const score = scores.value[tile]
  return (
    <section class="wall-details" aria-label="One network">
      <TilePicture tile={tile} version={scores.value} size={112} />
      <dl>
        <div>
          <dt>
            <Term name={axes[wallAcross].term}>{axes[wallAcross].title}</Term>
          </dt>
          <dd>{across[column]!.text}</dd>
        </div>
        <div>
          <dt>
            <Term name={axes[wallUp].term}>{axes[wallUp].title}</Term>
          </dt>
          <dd>{up[row]!.text}</dd>
        </div>
        <div>
          <dt>
            <ScoreName />
          </dt>
          <dd>
            <Value name={started.value?.hasTest ? 'test-score' : 'training-score'} number={score}>
              {Number.isNaN(score) ? <Term name="diverged">diverged</Term> : scoreText(tile)}
            </Value>
          </dd>
        </div>
        <div>
          <dt>Rank</dt>
          <dd>
            {rank} of {tiles.length}
          </dd>
        </div>
      </dl>
      <button
        type="button"
        onClick={() => {
          openTile(tile)
        }}
      >
        Open network
      </button>
      {Number.isNaN(score) && <Cause tile={tile} />}
    </section>
  )
}

/** Milliseconds for which a network that diverged is described before the page asks why: the search takes up to a second. */
const ASKING = 300

/** Why a network diverged, and what helps. */
function Cause({ tile }: { tile: number }) {
  const cause = causes.value.get(tile)
  const isKnown = cause !== undefined
  useEffect(() => {
    if (isKnown) return
    const timer = setTimeout(() => {
      explain(tile)
    }, ASKING)
    return () => {
      clearTimeout(timer)
    }
  }, [tile, isKnown])
  if (!cause) return <p class="wall-cause">Looking for the cause …</p>
  const { epoch, why, help } = cause
  return (
    <p class="wall-cause">
      It diverged in epoch {epoch.toLocaleString('en')}. {why ?? 'No cause was found.'} {help}
    </p>
  )
}

/** The best networks, and how many are good. */
export function Ranking() {
  const listed = shownRanking.value.slice(0, LISTED)
  const best = scores.value[ranking.value[0] ?? -1]
  return (
    <section class="wall-ranking" aria-labelledby="wall-ranking-title">
      <h2 id="wall-ranking-title">
        The best, by <ScoreName />
      </h2>
      <ol
        onPointerEnter={() => {
          holdOrder(true)
        }}
        onPointerLeave={() => {
          holdOrder(false)
        }}
        onFocusIn={() => {
          holdOrder(true)
        }}
        onFocusOut={() => {
          holdOrder(false)
        }}
      >
        {listed.map((tile) => (
          <li key={tile}>
            <button
              type="button"
              onClick={() => {
                openTile(tile)
              }}
              onPointerEnter={() => {
                pointed.value = tile
              }}
              onPointerLeave={() => {
                pointed.value = undefined
              }}
            >
              <TilePicture tile={tile} version={scores.value} size={32} />
              <span>{describeTile(shown.value, wall.value, wall.value.tiles[tile]!)}</span>
              <b>{scoreText(tile)}</b>
            </button>
          </li>
        ))}
      </ol>
      <p class="hint">
        <Value name="best-score" number={best}>
          <Summary />
        </Value>
      </p>
    </section>
  )
}

/** How many networks are good, and how many diverged. */
function Summary() {
  const all = [...scores.value]
  if (all.length === 0) return failure.value ? null : <>The networks are being prepared …</>
  const good = all.filter((score) => score >= 0.95).length
  const diverged = all.filter(Number.isNaN).length
  return (
    <>
      {good} of {all.length} networks reach {percent(0.95).replace('.0', '')}.{' '}
      {diverged > 0 && (
        <>
          {diverged} <Term name="diverged">diverged</Term>.
        </>
      )}
    </>
  )
}
