/**
 * What is taken from files at most, so that a small file, broken or hostile, cannot ask for more work or memory than
 * there is. Errors name the limit and what to do.
 */

/** Values of a row; no network has that many inputs. */
export const MOST_COLUMNS = 1 << 20

/** Numbers of one-hot targets, samples × classes: 512 MiB. */
export const MOST_ONE_HOT = 1 << 27

/** Classes that may be more than there are samples: some of them may be missing in a small file. */
export const FEW_CLASSES = 1000

/** The product of lengths; 0 if one of them is 0, even if others are infinite. */
export function product(lengths: readonly number[]): number {
  return lengths.includes(0) ? 0 : lengths.reduce((product, length) => product * length, 1)
}
