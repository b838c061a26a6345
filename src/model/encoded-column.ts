/** What one column of the data becomes: numbers and truth values one input, categories one input per category. */
export type EncodedColumn =
  | {
      /** One input with the number. */
      readonly kind: 'number'
      /** What a missing value is replaced by. */
      readonly fill?: number | undefined
    }
  | {
      /** One input: 1 for true, 0 for false. */
      readonly kind: 'boolean'
      /** What a missing value is replaced by. */
      readonly fill?: number | undefined
    }
  | {
      /** One input per category: 1 for the category of the row, else 0. */
      readonly kind: 'category'
      /** The categories, in the order of the inputs. */
      readonly categories: readonly string[]
      /** What a missing value is replaced by. */
      readonly fill?: string | undefined
    }

/** The number of inputs that a column becomes. */
export const widthOf = (column: EncodedColumn): number => (column.kind === 'category' ? column.categories.length : 1)

/** What a scaling computes with: x ↦ (x − offset) / scale, one of each for each input. */
export interface ScalingNumbers {
  readonly offset: Float64Array
  readonly scale: Float64Array
}
