import { render } from 'preact'
import { copyOnClick } from './copy.ts'
import { Curves } from './curves.tsx'
import { FilterBar } from './filter-bar.tsx'
import { HeatMap } from './heat-map.tsx'
import { Parallel } from './parallel.tsx'
import { run } from './run.ts'
import { Selected } from './selected.tsx'
import { Table } from './table.tsx'
import { WallOfPictures } from './wall.tsx'

function Explorer() {
  return (
    <>
      <section aria-labelledby="parallel-title">
        <h2 id="parallel-title">Settings and scores</h2>
        <p class="note">
          Each line is a network. Drag along an axis to keep the lines that cross this part of it; click on a line to
          see its command.
        </p>
        <FilterBar />
        <Parallel />
      </section>
      <Table />
      <HeatMap />
      {run.curves.length > 0 && <Curves />}
      {run.wall && <WallOfPictures wall={run.wall} />}
      <Selected />
    </>
  )
}

copyOnClick()
render(<Explorer />, document.getElementById('explorer')!)
