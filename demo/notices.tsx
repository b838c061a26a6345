import type { Subject } from './protocol.ts'
import { notices } from './state.ts'

/** Messages about problems with one part of the page, displayed there. */
export function Notices({ about }: { about: Subject }) {
  return (
    <div class="notices" role="status">
      {notices.value[about]?.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </div>
  )
}
