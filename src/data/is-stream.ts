import { InputError } from '../core/errors.ts'
import type { Dataset } from './dataset.ts'
import type { DataStream } from './stream.ts'
import { streams } from './streams.ts'

/** Whether a value is a {@link DataStream}; programs that make none do not load its class. */
export const isStream = (value: unknown): value is DataStream => streams.has(value as object)

/** Samples that say what the columns of data are. @throws InputError for a stream without an example */
export function exampleOf(data: Dataset | DataStream): Dataset {
  if (!isStream(data)) return data
  if (data.example) return data.example
  throw new InputError('stream: its columns are not known before it is read; make it with an example')
}
