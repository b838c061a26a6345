import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Dataset, datasetFromIdx, InputError, type UnpackOptions } from '../index.ts'
import { fileError, withPath } from './paths.ts'

/** The files of one part of a data set. */
interface Part {
  images?: string
  labels?: string
}

/** `emnist-letters-train-images-idx3-ubyte.gz`: data set, part, content; MNIST's own names have no data set. */
const pattern =
  /^(?:(.*?)[-_.])??(?:(train|training|t10k|test|testing|validation|valid|val)[-_.])?(images|labels)[-_.]idx[13][-_.]ubyte(?:\.gz)?$/i

const isTraining = (part: string) => part === '' || part.startsWith('train')

/** Whether a name is that of an IDX file of images or labels. */
export const isIdxName = (name: string): boolean => pattern.test(name)

/** The data sets in a folder, by the beginning of their files' names, which is '' for MNIST's; each with its parts. */
function findSets(names: readonly string[]): Map<string, Map<string, Part>> {
  const sets = new Map<string, Map<string, Part>>()
  // A name without .gz comes before the same with it, and is taken.
  for (const file of [...names].sort()) {
    const found = pattern.exec(file)
    if (!found) continue
    const [, set = '', part = '', content] = found
    const parts = sets.get(set) ?? new Map<string, Part>()
    const files = parts.get(part.toLowerCase()) ?? {}
    files[content!.toLowerCase() as keyof Part] ??= file
    parts.set(part.toLowerCase(), files)
    sets.set(set, parts)
  }
  return sets
}

/**
 * The folder and the data set in it that a path names: a folder with one data set, or a folder and the beginning of its
 * files' names, such as `data/emnist-letters`. Undefined where there is no such folder.
 */
async function locate(path: string): Promise<{ folder: string; set: string | undefined } | undefined> {
  const isFolder = async (place: string) => (await stat(place).catch(() => undefined))?.isDirectory() === true
  if (await isFolder(path)) return { folder: path, set: undefined }
  const folder = dirname(path)
  if ((await stat(path).catch(() => undefined)) !== undefined || !(await isFolder(folder))) return undefined
  const sets = findSets(await readdir(folder).catch(() => []))
  return sets.has(basename(path)) ? { folder, set: basename(path) } : undefined
}

/** Whether a path is a folder, or names a data set in one. */
export const isIdxPath = async (path: string): Promise<boolean> => (await locate(path)) !== undefined

/** The IDX files that a path names. */
export async function idxFilesAt(path: string): Promise<string[]> {
  const place = await locate(path)
  if (!place) return []
  const sets = findSets(await readdir(place.folder).catch(() => []))
  const chosen = place.set === undefined ? [...sets.values()] : [sets.get(place.set)!]
  const parts = chosen.flatMap((set) => [...set.values()])
  return parts.flatMap(({ images, labels }) => [images, labels].flatMap((name) => (name ? [join(place.folder, name)] : []))) // prettier-ignore
}

/**
 * Reads a folder with IDX files, found by what their names say they hold: `…images-idx3…` and `…labels-idx1…`, of a part
 * for training (`train`) and one for validation (`t10k`, `test`). The classes of the training part are those of both.
 * @param path the folder, or with several data sets the folder and the beginning of the files' names
 * @throws InputError naming the files that are missing, the data sets where there are several, or what does not fit
 */
export async function readIdxFolder(
  path: string,
  classes: readonly string[] | undefined,
  options: UnpackOptions,
): Promise<{ train: Dataset; validation?: Dataset }> {
  const { folder, set } = (await locate(path)) ?? { folder: path, set: undefined }
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(error, folder, 'read')
  })
  const parts = chooseSet(folder, findSets(names), set)
  const read = async ({ images, labels }: Part, known: readonly string[] | undefined) => {
    if (images === undefined || labels === undefined) {
      const missing = images === undefined ? labels!.replace(/labels(.)idx1/i, 'images$1idx3') : images.replace(/images(.)idx3/i, 'labels$1idx1') // prettier-ignore
      throw new InputError(`${folder}: found no ${missing.replace(/\.gz$/, '')} (or .gz), which belongs to ${images ?? labels}`) // prettier-ignore
    }
    const bytes = await Promise.all([readIdxFile(join(folder, images)), readIdxFile(join(folder, labels))])
    return withPath(`${join(folder, images)}, ${labels}`, () => datasetFromIdx(...bytes, { classes: known, ...options })) // prettier-ignore
  }
  const [first, second] = parts
  const train = await read(first!, classes)
  return second ? { train, validation: await read(second, train.classes) } : { train }
}

async function readIdxFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw fileError(error, path, 'read')
  }
}

/** The parts of a data set: for training and, where there is one, for validation. */
function chooseSet(folder: string, sets: ReadonlyMap<string, Map<string, Part>>, wanted: string | undefined): Part[] {
  if (sets.size === 0) {
    throw new InputError(`${folder}: found no IDX files, such as train-images-idx3-ubyte and train-labels-idx1-ubyte (or .gz)`) // prettier-ignore
  }
  if (wanted === undefined && sets.size > 1) {
    const paths = [...sets.keys()].map((name) => (name === '' ? '(no beginning)' : join(folder, name)))
    throw new InputError(`${folder}: holds ${sets.size} data sets; give one of them: ${paths.join(', ')}`)
  }
  const set = sets.get(wanted ?? [...sets.keys()][0]!)!
  const training = [...set].filter(([part]) => isTraining(part))
  const others = [...set].filter(([part]) => !isTraining(part))
  if (training.length > 1 || others.length > 1) {
    const names = (training.length > 1 ? training : others).map(([part]) => part || 'images and labels without a part')
    throw new InputError(`${folder}: has several parts for ${training.length > 1 ? 'training' : 'validation'}: ${names.join(', ')}; keep one of them there`) // prettier-ignore
  }
  return [...training, ...others].map(([, part]) => part)
}
