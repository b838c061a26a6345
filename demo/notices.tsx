import type { Subject } from './protocol.ts'
import { problemsFound } from './state.ts'

/** What is wrong with something, beside it, and what to do. */
export function Notices({ about }: { about: Subject }) {
  return (
    <div class="notices" role="status">
      {problemsFound.value[about]?.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </div>
  )
}
