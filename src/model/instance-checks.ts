import type { Encoding } from './encoding.ts'
import { encoders, scalings } from './instances.ts'
import type { Scaling } from './scaling.ts'

/** In the place of the class `Encoding`, for `instanceof`. */
export const encodingCheck = {
  name: 'Encoding',
  prototype: undefined as unknown as Encoding,
  [Symbol.hasInstance]: (value: unknown) => encoders.has(value as object),
}

/** In the place of the class `Scaling`, for `instanceof`. */
export const scalingCheck = {
  name: 'Scaling',
  prototype: undefined as unknown as Scaling,
  [Symbol.hasInstance]: (value: unknown) => scalings.has(value as object),
}
