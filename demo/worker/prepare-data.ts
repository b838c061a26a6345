import type { Settings } from '../settings.ts'
import { prepareFromFile } from './files.ts'
import { prepare, type Prepared } from './prepare.ts'
import { withSubject } from './subjects.ts'

/** The data that the settings describe. A second worker prepares the data of a file. */
export const prepareData = (settings: Settings): Promise<Prepared> =>
  withSubject('data', async () => {
    const { problem } = settings
    return problem === 'file' ? prepareFromFile(settings) : prepare(settings, problem)
  })
