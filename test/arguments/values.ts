import {
  adam,
  circle,
  cosine,
  cpu,
  InputError,
  Matrix,
  Network,
  optimizerNames,
  Scaling,
  xor,
} from '../../src/index.ts'

/**
 * Values of every kind. Numbers are small, or too large for any argument, so that no valid call takes long. Reading a
 * value has no side effects.
 */
export function wrongValues(): unknown[] {
  const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
  return [
    ...[undefined, null, true, false, 0, -1, 0.5, 2, NaN, Infinity, -Infinity, 1e39, 10n, Symbol('wrong')],
    ...['', ' ', 'x', 'mse', '\u0000', '../x/\u0000', 'constructor', '__proto__'],
    ...[() => 1, async () => Promise.resolve(), function* () { yield 1 }], // prettier-ignore
    ...[[], [1], ['a'], [null], [undefined], [NaN], [[]], [[1, 2]], [[NaN]], [Symbol('in a list')], [1n]],
    ...[new Array(3), ['a', 'a'], [[1], [2, 3]], [{}], [[[1]]], optimizerNames],
    ...[{}, { x: 1 }, Object.create(null), { length: 3 }, { length: -1 }, { length: '2' }, { length: 1e9 }],
    ...[{ rows: 1, cols: 2, data: 'x' }, { rows: -1, cols: 2, data: [] }, { data: null }, { shape: [2], data: [1] }],
    ...[{ name: 'sgd' }, { place: 1 }, { rate: 1 }, { rate: () => 'x' }, { queue: {} }, { aborted: false }],
    ...[new Date(0), new Map([['a', 1]]), new Set([1]), /x/, new Error('x'), Promise.resolve(1), new WeakMap()],
    ...[new Uint8Array([1, 2, 3]), new Float32Array(2), new BigInt64Array(2), new ArrayBuffer(8)],
    ...[new DataView(new ArrayBuffer(4)), new Float64Array([NaN]), new URL('file:///x')],
    ...[circle({ samples: 4, seed: 1 }), xor({ samples: 4, seed: 1 }).inputs, new Matrix(0, 0), network],
    ...[network.toJSON(), adam(), cosine({ learningRate: 1, epochs: 2 }), new Scaling('normalize', [0], [1]), cpu()],
    new InputError('x'),
  ]
}
