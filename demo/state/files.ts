import type { KeptRun } from '../kept/record.ts'
import { fromHash } from '../link.ts'
import type { WorkerMessage } from '../protocol.ts'
import { defaultsFor } from '../presets.ts'
import { type FileUse, type Settings, useOf } from '../settings.ts'
import { send } from './connection.ts'
import { followHistory, placeOf, playsAtOnce } from './navigation.ts'
import { startRun } from './runs.ts'
import { file, firstLink, opening, setNotices, settings } from './signals.ts'

/** The settings of a link to a file that the user has not opened yet, or of a kept run whose files are opened again. */
let pendingLink: Settings | undefined
let pendingRun: KeptRun | undefined

/** Whether two uses of a file differ in what the network predicts. */
const usedOtherwise = (a: FileUse, b: FileUse) =>
  a.target !== b.target || a.task !== b.task || a.otherTargets.join() !== b.otherTargets.join()

/** The worker has opened a file, or uses its columns in another way. */
export function handleFile({ file: info, kind: dataKind, use }: WorkerMessage & { type: 'opened' }): void {
  opening.value = false
  file.value = { ...info, dataKind }
  const next = pendingLink?.file === info.name ? pendingLink : { ...defaultsFor('file', dataKind), ...use }
  const kept = next === pendingLink ? pendingRun : undefined
  const { seed, speed, backend, tab, wallAcross, wallUp } = settings.value
  // The target column and the task of the link determine whether the data are for classification or regression.
  if (pendingLink && next === pendingLink && info.kind === 'csv' && usedOtherwise(pendingLink, use)) {
    send({ type: 'target', use: useOf(pendingLink) })
    return
  }
  pendingLink = pendingRun = undefined
  if (kept) {
    startRun({ ...next, ...placeOf(settings.value) }, kept.playing, kept)
    return
  }
  const chosen = { ...next, file: info.name, seed, speed, backend, tab, wallAcross, wallUp }
  startRun(dataKind === 'images' ? { ...chosen, speed: 0 } : chosen)
}

/** Opens files that the user chose. */
export function openChosen(files: readonly File[]): void {
  pendingRun = undefined
  open(files)
}

function open(files: readonly File[]): void {
  opening.value = true
  setNotices('data')
  send({ type: 'open', files })
}

/** Continues a run that was kept, once its files are open again. */
export function continueKept(kept: KeptRun, files: readonly File[]): void {
  const { settings: own } = fromHash(kept.address)
  if (files.length === 0) startRun({ ...own, ...placeOf(settings.value) }, kept.playing, kept)
  else {
    pendingLink = own
    pendingRun = kept
    open(files)
  }
}

/** Continues a run that was kept in the place of the first run. */
export function restoreKept(kept: KeptRun, files: readonly File[]): void {
  // While the files are read, or if they cannot be read, there is a run.
  if (files.length > 0) startRun({ ...defaultsFor('circle'), ...placeOf(settings.value) }, false)
  continueKept(kept, files)
}

/** Uses the columns of the file in another way; the worker says what the network then predicts. */
export function chooseUse(changed: Partial<FileUse>): void {
  setNotices('data')
  send({ type: 'target', use: { ...useOf(settings.value), ...changed } })
}

/** Applies the settings of a link. If the link refers to a file, they are applied when the user opens that file. */
function followLink({ settings: linked, problems }: ReturnType<typeof fromHash>): void {
  pendingRun = undefined
  const missing = linked.problem === 'file' && file.value?.name !== linked.file
  if (missing) pendingLink = linked
  const place = placeOf(linked)
  startRun(missing ? { ...defaultsFor('circle'), ...place } : linked, playsAtOnce(linked))
  if (problems.length > 0) setNotices('link', ...problems)
  if (missing) {
    const name = linked.file ? `“${linked.file}”` : 'a file'
    setNotices('data', `The link refers to ${name}, which it does not contain. Open that file here to repeat the run.`)
  }
}

/** Follows the address with which the page was opened. */
export const followFirstLink = () => {
  followLink(firstLink)
}

/** Follows each later address. */
export function followLinks(): void {
  // Browsers send this event for the Back and Forward buttons and for an address that the user edits.
  window.addEventListener('popstate', ({ state }) => {
    const link = fromHash(location.hash)
    if (!followHistory(state, link.settings)) followLink(link)
  })
}
