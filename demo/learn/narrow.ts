import { signal } from '@preact/signals'

const query = matchMedia('(max-width: 700px)')
const narrow = signal(query.matches)
query.addEventListener('change', ({ matches }) => {
  narrow.value = matches
})

/** Whether the page is so narrow that graphs are laid out from top to bottom. */
export const useNarrow = () => narrow.value
