import { activationNames, backendNames, initializerNames, lossNames, optimizerNames } from '../src/index.ts'
import { featureNames, orderFeatures } from './plane-inputs.ts'
import { decodePoints } from './points.ts'
import { defaultsFor } from './presets.ts'
import {
  defaults,
  LESSON_PAGES,
  makeConsistent,
  MAX_LAYERS,
  MAX_NEURONS,
  missingNames,
  problemNames,
  type Settings,
  tabNames,
  taskNames,
  wallAxisNames,
} from './settings.ts'

/** The link to a run: the settings as the fragment of a URL. */

const oneOf =
  <T extends string>(names: readonly T[]) =>
  (text: string): T | undefined =>
    names.find((name) => name === text)

const numberBetween =
  (least: number, most: number, whole = false) =>
  (text: string) => {
    const value = Number(text)
    const fits = text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value))
    return fits ? value : undefined
  }

const shortText = (text: string) => (text.length <= 200 ? text : undefined)

const truth = (text: string) => (text === 'true' || text === 'false' ? text === 'true' : undefined)

const listOf =
  <T>(read: (text: string) => T | undefined, most: number) =>
  (text: string) => {
    const items = text === '' ? [] : text.split('-').map(read)
    return items.length <= most && items.every((item) => item !== undefined) ? (items as T[]) : undefined
  }

/** Parses each setting from a URL; undefined for an invalid value. */
const parsers: { [K in keyof Settings]: (text: string) => Settings[K] | undefined } = {
  tab: oneOf(tabNames),
  wallAcross: oneOf(wallAxisNames),
  wallUp: oneOf(wallAxisNames),
  lesson: numberBetween(1, LESSON_PAGES, true),
  problem: oneOf(problemNames),
  file: shortText,
  target: shortText,
  otherTargets: listOf(numberBetween(0, 999, true), 1000),
  shownTarget: shortText,
  across: shortText,
  up: shortText,
  task: oneOf(taskNames),
  without: listOf(numberBetween(0, 999, true), 1000),
  missing: oneOf(missingNames),
  scaleInputs: truth,
  scaleTargets: truth,
  points: (text) => (decodePoints(text) ? text : undefined),
  samples: numberBetween(10, 60_000, true),
  noise: numberBetween(0, 100),
  test: numberBetween(0, 0.9),
  features: (text) => {
    const names = listOf(oneOf(featureNames), featureNames.length)(text)
    return names && names.length > 0 && new Set(names).size === names.length ? orderFeatures(names) : undefined
  },
  hidden: listOf(numberBetween(1, MAX_NEURONS, true), MAX_LAYERS),
  activations: listOf(oneOf(activationNames), MAX_LAYERS + 1),
  loss: oneOf(lossNames),
  optimizer: oneOf(optimizerNames),
  learningRate: numberBetween(1e-6, 100),
  batch: numberBetween(1, 5000, true),
  l1: numberBetween(0, 1),
  l2: numberBetween(0, 1),
  dropout: numberBetween(0, 0.9),
  init: oneOf(initializerNames),
  seed: numberBetween(0, 2 ** 32 - 1, true),
  dataSeed: numberBetween(0, 2 ** 32 - 1, true),
  stop: numberBetween(0, 1e9, true),
  patience: numberBetween(0, 1e6, true),
  speed: numberBetween(0, 1000),
  backend: oneOf(backendNames),
}

const write = (value: Settings[keyof Settings]) => (Array.isArray(value) ? value.join('-') : String(value))

/** Encodes the settings that differ from the defaults of their problem as a URL fragment. */
export function toHash(settings: Settings): string {
  const names = Object.keys(defaults) as (keyof Settings)[]
  const defaultSettings = defaultsFor(settings.problem)
  const changed = names.filter((name) => name === 'problem' || write(settings[name]) !== write(defaultSettings[name]))
  const kept = changed.filter((name) => {
    if (name === 'problem') return settings.problem !== defaults.problem
    return name !== 'lesson' || settings.tab === 'learn'
  })
  return new URLSearchParams(kept.map((name) => [name, write(settings[name])])).toString()
}

/** Parses a URL fragment. Invalid settings keep their default; `problems` holds a sentence about each. */
export function fromHash(hash: string): { settings: Settings; problems: string[] } {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const settings = defaultsFor(parsers.problem(given.get('problem') ?? '') ?? defaults.problem)
  const defaultSettings = { ...settings }
  const problems: string[] = []
  for (const [name, text] of given) {
    // Not "in", which also finds inherited properties such as "constructor".
    if (!Object.hasOwn(parsers, name)) {
      problems.push(`The link contains “${truncate(name)}”, which is not a setting of this page.`)
      continue
    }
    const key = name as keyof Settings
    const value = parsers[key](text)
    if (value === undefined)
      problems.push(
        `The link contains ${name} = “${truncate(text)}”, which is not valid; the page uses ${write(defaultSettings[key]) || 'none'}.`,
      )
    else Object.assign(settings, { [key]: value })
  }
  const layers = settings.hidden.length + 1
  if (settings.activations.length !== layers) {
    const output = defaultSettings.activations.at(-1)!
    if (given.has('activations')) {
      problems.push(
        `The link contains ${settings.activations.length} activations for ${layers} layers; the page uses defaults for the others.`,
      )
    }
    settings.activations = Array.from({ length: layers }, (_, l) =>
      l === layers - 1 ? output : (settings.activations[l] ?? defaultSettings.activations[0]!),
    )
  }
  if (settings.wallAcross === settings.wallUp) {
    settings.wallUp = settings.wallAcross === 'seed' ? 'learningRate' : 'seed'
  }
  return { settings: makeConsistent(settings), problems: limitProblems(problems) }
}

/** The largest number of problems to report; an unrelated URL may contain thousands. */
const MAX_PROBLEMS = 5

const limitProblems = (problems: readonly string[]): string[] =>
  problems.length <= MAX_PROBLEMS
    ? [...problems]
    : [...problems.slice(0, MAX_PROBLEMS), `The link has ${problems.length - MAX_PROBLEMS} more problems of this kind.`]

const truncate = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text)
