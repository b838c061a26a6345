import { describe, InputError, listNames } from '../core/errors.ts'

/** The tensors of a dense layer that a file names. */
export interface NamedLayer<T> {
  /** The name without its last part: `fc1`, `layers.2`. */
  readonly name: string
  readonly weight: T
  readonly bias: T | undefined
  /** The weight's own name, for errors. */
  readonly weightName: string
}

/** A tensor as far as the order of layers depends on it. */
interface Shaped {
  readonly shape: readonly number[]
}

type Role = 'weight' | 'kernel' | 'bias'

const roles: Readonly<Record<string, Role>> = { weight: 'weight', weights: 'weight', w: 'weight', kernel: 'kernel', bias: 'bias', biases: 'bias', b: 'bias' } // prettier-ignore

/**
 * What a name says: `fc1.weight`, `fc1_bias`, `dense/kernel:0`, `W1`. One letter counts after a dot or a slash, or before a
 * number, only.
 */
function readName(name: string): { layer: string; role: Role } | undefined {
  const text = name.replace(/:0$/, '')
  const [, layer = '', role = ''] =
    /^(?:(.*)[._/])?(weights?|kernel|bias(?:es)?)$/s.exec(text) ?? /^(?:(.*)[./])?([wb])$/is.exec(text) ?? []
  if (role !== '') return { layer, role: roles[role.toLowerCase()]! }
  const [, before = '', word = '', number = ''] = /^(.*?[._/]|)(weights?|bias(?:es)?|w|b)_?(\d+)$/is.exec(text) ?? []
  return word === '' ? undefined : { layer: `${before}${number}`, role: roles[word.toLowerCase()]! }
}

/**
 * The dense layers that tensors with names make, in no order. A matrix called `kernel` is in × out, as Keras and Flax have
 * it; every other is out × in, as PyTorch has it. Where no name says what a tensor is, each matrix is a layer's weights.
 * @param transpose makes out × in of in × out
 * @throws InputError for tensors that belong to no dense layer
 */
export function gatherLayers<T extends Shaped>(
  tensors: ReadonlyMap<string, T>,
  transpose: (tensor: T) => T,
): NamedLayer<T>[] {
  if (tensors.size === 0) throw new InputError('safetensors: the file holds no tensors')
  const layers = new Map<string, { weight?: T; bias?: T; weightName: string; biasName: string }>()
  const isNamed = [...tensors.keys()].some((name) => readName(name) !== undefined)
  for (const [name, tensor] of tensors) {
    const known = isNamed ? readName(name) : { layer: name, role: 'weight' as const }
    const isDense = known !== undefined && !/embed|conv/i.test(known.layer) && (isNamed || tensor.shape.length === 2)
    if (!isDense) {
      throw new InputError(
        `safetensors: ${describe(name)}: expected only layers' tensors of dense layers, such as '0.weight', '0.bias'`,
      )
    }
    const { layer, role } = known
    const entry = layers.get(layer) ?? { weightName: '', biasName: '' }
    layers.set(layer, entry)
    const part = role === 'bias' ? 'bias' : 'weight'
    if (entry[part]) {
      throw new InputError(
        `safetensors: ${describe(name)}: is the ${part} of ${describe(layer)}, which has one already`,
      )
    }
    if (part === 'weight') checkWeight(name, tensor)
    entry[part] = role === 'kernel' ? transpose(tensor) : tensor
    entry[`${part}Name`] = name
  }
  return [...layers].map(([name, { weight, bias, weightName, biasName }]) => {
    if (weight) return { name, weight, bias, weightName }
    const expected = biasName.replace(/bias(?!.*bias)/i, 'weight')
    throw new InputError(`safetensors: ${describe(expected)} is missing, the weights that belong to ${describe(biasName)}`) // prettier-ignore
  })
}

function checkWeight(name: string, { shape }: Shaped): void {
  if (shape.length === 2) return
  throw new InputError(
    `safetensors: ${describe(name)}: expected out × in, got shape [${listNames(shape, 8)}]; only dense layers are read`,
  )
}

/** Words in names that say that a layer is among the first or among the last ones. */
const firstWords = /^(in|input|inputs|first|encoder|enc|backbone|features)$/
const lastWords = /^(out|output|outputs|last|final|decoder|dec|head|classifier|logits|predictions?)$/

/** What a name says about a layer's place: those of one rank and pattern are in the order of their numbers. */
function placeOf(name: string): { rank: number; pattern: string; numbers: number[] } {
  const words = name.toLowerCase().split(/[^a-z]+/)
  const rank = words.some((word) => lastWords.test(word)) ? 2 : words.some((word) => firstWords.test(word)) ? 0 : 1
  // Keras counts dense, dense_1, dense_2: no number comes before the others.
  const pattern = name.replace(/\d+/g, '#').replace(/[._/-]*#$/, '')
  return { rank, pattern, numbers: (name.match(/\d+/g) ?? []).map(Number) }
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((number, i) => number !== b[i])
  return place < 0 ? a.length - b.length : a[place]! - (b[place] ?? -1)
}

/** Layers whose order among each other their numbers give. */
type Group<T> = readonly NamedLayer<T>[]

/** The groups of each rank, the ranks in order. */
function groupLayers<T>(layers: readonly NamedLayer<T>[]): Group<T>[][] {
  type Numbered = { readonly numbers: readonly number[]; readonly layer: NamedLayer<T> }
  const ranks = [0, 1, 2].map(() => new Map<string, Numbered[]>())
  for (const layer of layers) {
    const { rank, pattern, numbers } = placeOf(layer.name)
    const groups = ranks[rank]!
    groups.set(pattern, [...(groups.get(pattern) ?? []), { numbers, layer }])
  }
  const sorted = (groups: (typeof ranks)[0]) =>
    [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, group]) => group.sort((a, b) => compareNumbers(a.numbers, b.numbers)).map(({ layer }) => layer))
  return ranks.filter(({ size }) => size > 0).map(sorted)
}

/** Orders that are looked at, and steps to find them: names of hostile files may allow any number. */
const MOST_ORDERS = 3
const MOST_STEPS = 20_000

/** The orders in which the names' numbers are kept and each layer's inputs are the outputs of the one before. */
function findOrders<T extends Shaped>(ranks: readonly Group<T>[][]) {
  const orders: NamedLayer<T>[][] = []
  const path: NamedLayer<T>[] = []
  const taken = ranks.map((groups) => groups.map(() => 0))
  let steps = 0
  const extend = (first: number): void => {
    // What is left of a rank comes before the next.
    let rank = first
    while (rank < ranks.length && ranks[rank]!.every((group, g) => taken[rank]![g] === group.length)) rank++
    if (rank === ranks.length) {
      orders.push([...path])
      return
    }
    const outputs = path.at(-1)?.weight.shape[0]
    for (const [g, group] of ranks[rank]!.entries()) {
      const next = group[taken[rank]![g]!]
      if (!next || (outputs !== undefined && next.weight.shape[1] !== outputs)) continue
      if (orders.length > MOST_ORDERS || ++steps > MOST_STEPS) return
      path.push(next)
      taken[rank]![g]!++
      extend(rank)
      taken[rank]![g]!--
      path.pop()
    }
  }
  extend(0)
  return { orders, isComplete: steps <= MOST_STEPS }
}

/** Layers of a file at most; each step of the search for their order is a call within the one before. */
const MOST_LAYERS = 1000

/**
 * The layers in the order in which they compute: their numbers give it, and shapes where names have none. Names such as
 * `output` and `head` are last ones, `input` and `encoder` first ones.
 * @throws InputError where several orders are possible, or none
 */
export function orderLayers<T extends Shaped>(layers: readonly NamedLayer<T>[]): readonly NamedLayer<T>[] {
  if (layers.length > MOST_LAYERS) {
    throw new InputError(`safetensors: expected at most ${MOST_LAYERS} layers, got ${layers.length}`)
  }
  const ranks = groupLayers(layers)
  const byName = ranks.flat(2)
  if (ranks.every((groups) => groups.length === 1)) return byName
  const { orders, isComplete } = findOrders(ranks)
  // Where none is possible, the check of the shapes says what does not fit in the order of the names.
  if (orders.length < 2 && isComplete) return orders[0] ?? byName
  const shown = orders.slice(0, MOST_ORDERS).map((order) => listNames(order.map(({ name }) => name), 8)) // prettier-ignore
  const more = orders.length > MOST_ORDERS || !isComplete ? '; or others' : ''
  throw new InputError(
    `safetensors: the order of the layers is unclear, it could be ${
      shown.join('; or ') ||
      listNames(
        byName.map(({ name }) => name),
        8,
      )
    }${more}: ` + 'rename the tensors so that numbers give it (0.weight, 1.weight …)',
  )
}

/** Whether in × out weights in this order would be a network: of a file that has them transposed. */
export function chainsTransposed(layers: readonly NamedLayer<Shaped>[]): boolean {
  const chains = (order: readonly NamedLayer<Shaped>[]) =>
    order.every(({ weight, bias }, l) => {
      const [inputs, outputs] = weight.shape
      const before = l === 0 ? inputs : order[l - 1]!.weight.shape[1]
      return inputs === before && (bias === undefined || bias.shape[0] === outputs)
    })
  return chains(layers)
}
