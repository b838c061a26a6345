import { activationNames } from '../src/index.ts'
import { decodePoints, encodePoints, MAX_POINTS, type Point } from './points.ts'
import { placesOfTargets, type Settings } from './settings.ts'
import { change, chooseUse, file, setNotices, settings } from './state.ts'

/** What the user changes about the network, the columns of a file, and the points: each is a change of the settings. */

/** Switches an input column of the file on or off. */
export function switchColumn(place: number, on: boolean): void {
  const others = settings.value.without.filter((other) => other !== place)
  change({ without: on ? others : [...others, place].sort((a, b) => a - b) })
}

/** Predicts the targets as classes, labels or numbers. */
export const chooseTask = (task: Settings['task']): void => {
  chooseUse({ task })
}

/** Predicts this column alone. */
export const predictColumn = (target: string): void => {
  chooseUse({ target, otherTargets: [], task: 'auto' })
}

/** Adds a column to the targets, or removes it; one always remains. */
export function switchTarget(place: number, on: boolean): void {
  const columns = file.value?.columns ?? []
  const before = placesOfTargets(columns, settings.value)
  const places = (on ? [...before, place] : before.filter((other) => other !== place)).sort((a, b) => a - b)
  const [least, ...others] = places
  if (least !== undefined) chooseUse({ target: columns[least]!.name, otherTargets: others, task: 'auto' })
}

/** Changes the hidden layers, and adds or removes activations accordingly. */
export function changeLayers(hidden: number[]): void {
  const { activations } = settings.value
  const output = activations.at(-1)!
  const inner = activations.slice(0, -1)
  change({ hidden, activations: [...hidden.map((_, l) => inner[l] ?? inner.at(-1) ?? 'sigmoid'), output] })
}

export function changeActivation(layer: number, name: string): void {
  const found = activationNames.find((known) => known === name)
  if (found) change({ activations: settings.value.activations.with(layer, found) })
}

export function addPoint(point: Point): void {
  const points = decodePoints(settings.value.points) ?? []
  if (points.length >= MAX_POINTS) {
    setNotices('data', `You have added ${MAX_POINTS} points, the most that a link can hold. Remove some first.`)
    return
  }
  change({ points: encodePoints([...points, point]) })
}

export const removePoints = (how: 'last' | 'all') => {
  setNotices('data')
  const points = decodePoints(settings.value.points) ?? []
  change({ points: how === 'all' ? '' : encodePoints(points.slice(0, -1)) })
}

/** Gives all hidden layers the same activation. */
export function changeHiddenActivation(name: string): void {
  const found = activationNames.find((known) => known === name)
  if (!found) return
  const { activations } = settings.value
  change({ activations: [...activations.slice(0, -1).map(() => found), activations.at(-1)!] })
}
