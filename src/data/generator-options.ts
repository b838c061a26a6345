import { drawSeed } from '../core/random.ts'
import { type Fields, integer, number, seed, withDefault, withFresh } from '../core/schema.ts'

/** The options of every generator of points. */
export interface GeneratorOptions {
  /** How many points. Default 500. */
  samples?: number | undefined
  /** A whole number from 0 to 2³² − 1; random by default. The same seed gives the same points. */
  seed?: number | undefined
  /**
   * The standard deviation of the normal noise that moves each point after its class is settled, in the units of the
   * coordinates; moved points may leave the square. Defaults to 0, but 0.1 for `moons` and 0.02 for `spirals`.
   */
  noise?: number | undefined
}

/** @param noise its default @param samples their default and their largest number */
export const generatorFields = (noise = 0, [samples, most]: readonly [number, number] = [500, 2 ** 28]) =>
  ({
    samples: withDefault(integer(1, most), samples, {
      flag: '--samples <count>',
      help: 'generated data: how many samples',
    }),
    seed: withFresh(seed, drawSeed, { flag: '--seed <number>', help: 'for generated data' }),
    noise: withDefault(number({ min: 0, max: 1e6 }), noise, {
      flag: '--noise <deviation>',
      help: 'generated data: the standard deviation of the noise',
    }),
  }) satisfies Fields<GeneratorOptions>
