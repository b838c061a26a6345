/** What {@link parseCsvInputs} takes. */
export interface CsvInputsOptions {
  /** The character between values. Default: found out from the text (comma, semicolon, tab, …). */
  delimiter?: string | undefined
  /**
   * Whether the first row holds names. Default: it does where none of its values is a number, or one is a word above a
   * number in the second row.
   */
  header?: boolean | undefined
  /** The input columns, by name, in the order wanted: `network.features`. In a file without header: their number. */
  features?: readonly string[] | undefined
}

/** What {@link parseCsv} takes. */
export interface CsvOptions extends CsvInputsOptions {
  /**
   * The column to predict: its name, or its number, counted from 0, or back from the end (−1 is the last). Default: the
   * last that is not one of `features`. Several columns are several outputs.
   */
  target?: string | number | readonly (string | number)[] | undefined
  /**
   * `classification`: the target's values are names of classes, and become one-hot; `regression`: they are numbers, and
   * stay as they are. Default: words are classes; numbers are classes where all are whole, at most 20 differ, and each
   * stands there twice on average; else they are quantities. (For a single output of 0 or 1, give `regression`.)
   */
  task?: 'classification' | 'regression' | undefined
  /** The classes that a saved model knows, in its order: `network.classes`. Default: those in the file, sorted. */
  classes?: readonly string[] | undefined
}
