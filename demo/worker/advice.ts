import { adviseAfter, adviseBefore, adviseDiverged, type Remedies } from '../../src/index.ts'
import { optimizerOf } from './optimizers.ts'
import type { Run } from './run.ts'

/** What helps, by the names of the controls of the page. */
export const remediesFor = ({
  settings: { optimizer },
  prepared,
}: Pick<Run, 'settings' | 'prepared'>): Partial<Remedies> => ({
  // Pictures have no columns, and no switch.
  inputs: prepared.columns.length > 0 ? 'switch on “Scale the inputs”' : 'save the pictures with values from 0 to 1',
  targets: 'switch on “Scale the targets”; predictions stay in their own units',
  output: 'choose linear as the output activation',
  clipping: optimizer === 'adam' ? 'raise the l2 penalty' : 'choose the optimizer adam',
})

const options = (run: Run) => ({ loss: run.settings.loss, remedies: remediesFor(run) })

/** The built-in data are known to be learnable. */
const isAdvised = ({ settings }: Run) => settings.problem === 'file'

/** What will probably keep the network from learning the data of a file, as sentences; none for built-in data. */
export function adviceBefore(run: Run): string[] {
  return isAdvised(run) ? adviseBefore(run.network, run.prepared.train, options(run)).map(asSentence) : []
}

/** Whether the network is worse than an answer that ignores the inputs, with the likely cause, as sentences. */
export async function adviceAfter(run: Run): Promise<string[]> {
  const { epoch } = run.moment
  if (!isAdvised(run) || epoch === 0) return adviceBefore(run)
  const { train, test } = run.prepared
  const trainer = await run.trainer()
  const training = await trainer.evaluate(train)
  const validation = test ? await trainer.evaluate(test) : null
  const found = adviseAfter(run.network, train, { ...options(run), training, validation, epochs: epoch })
  return found.length > 0 ? found.map(asSentence) : adviceBefore(run)
}

/** The likely cause of a divergence, as a sentence. */
export const adviceDiverged = (run: Run): string =>
  asSentence(adviseDiverged(run.network, run.prepared.train, { ...options(run), optimizer: optimizerOf(run.settings) }))

/** With a capital, a typographic minus, and a full stop. */
export const asSentence = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/(?<=[ (])-(?=\d)/g, '−')
