import type { Subject } from './protocol.ts'
import { notices } from './state.ts'

/** The advice of the library where to look for the reason that there is no GPU. */
const browserAdvice = / \(in Chrome[^)]*\)/

/** Messages about problems with one part of the page, displayed there. The advice about the browser is displayed once. */
export function Notices({ about }: { about: Subject }) {
  const isRepeated = about !== 'backend' && notices.value.backend?.some((text) => browserAdvice.test(text))
  return (
    <div class="notices" role="status">
      {notices.value[about]?.map((text) => (
        <p key={text}>{isRepeated ? text.replace(browserAdvice, '') : text}</p>
      ))}
    </div>
  )
}
