import type { Source } from '../mutate.ts'

/** A reader of what comes from outside: for any input it returns a value or throws an error for users. */
export interface Reader<T> {
  readonly name: string
  readonly source: Source<T>
  readonly read: (input: T) => unknown
  /** The files that do the reading: their paths begin so. */
  readonly files: readonly string[]
}

/** Hides the type of a reader's inputs. */
export const reader = <T>(
  name: string,
  source: Source<T>,
  files: readonly string[],
  read: (input: T) => unknown,
): Reader<unknown> => ({ name, source, read, files }) as Reader<unknown>
