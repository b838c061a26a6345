import { writeCopies } from './copies.ts'

/** Writes all generated pages. They lie in docs/site/reference and docs/site/background, which git ignores. */
export async function generate(): Promise<void> {
  await Promise.resolve()
  writeCopies()
}
