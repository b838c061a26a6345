import type { Arithmetic } from './backend.ts'

const name = ({ backend, form, device }: Arithmetic) =>
  `${backend} (${form}${device === undefined ? '' : ` on '${device}'`})`

/** One sentence for a run that cannot go on to the bits of the earlier part of it. */
export const explainDifference = (earlier: Arithmetic, own: Arithmetic): string =>
  `the checkpoint was trained with ${name(earlier)} and goes on with ${name(own)}, so the last bits of its parameters ` +
  'are not those of an unbroken run'
