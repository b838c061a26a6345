import { writeBenchmark } from './benchmark.ts'
import { writeCommandLine } from './command-line.ts'
import { writeCopies } from './copies.ts'
import { writeErrors } from './errors.ts'
import { writeNames } from './names.ts'
import { writeReference } from './reference.ts'

/** Writes all generated pages. They lie in docs/site/reference and docs/site/background, which git ignores. */
export async function generate(): Promise<void> {
  writeCopies()
  writeBenchmark()
  await writeReference()
  writeCommandLine()
  writeErrors()
  writeNames()
}
