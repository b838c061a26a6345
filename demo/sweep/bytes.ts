/** The pictures of the wall have a byte for each point, which the page turns into a colour. */

/** Steps of certainty for each class, and the number of classes that have different colours. */
export const STEPS = 32
const CLASSES = 256 / STEPS

const within = (value: number, most: number) => (value > most ? most : value > 0 ? value : 0)

/** The byte of a share of the scale between two classes; that of NaN is 0. */
export const byteOf = (share: number): number => within(Math.round(255 * share), 255)

/** The byte of a predicted class. @param certainty 0 to 1 */
export const byteOfClass = (label: number, certainty: number): number =>
  STEPS * (label % CLASSES) + within(Math.round((STEPS - 1) * certainty), STEPS - 1)
