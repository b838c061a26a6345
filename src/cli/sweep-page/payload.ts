/** What the page of a sweep contains as JSON. Columns have one value for each network, the best network first. */
export interface SweepPayload {
  readonly score: {
    /** What the scores are of: `validation accuracy`. */
    readonly name: string
    /** `accuracy` or `R²`. */
    readonly short: string
    /** Accuracies are shown in percent, with this many decimals; null for R². */
    readonly decimals: number | null
  }
  /** The settings with several values, and the seed where there are several. */
  readonly axes: readonly PayloadAxis[]
  readonly ranks: readonly number[]
  /** Null where the training diverged, as the losses. */
  readonly scores: readonly (number | null)[]
  readonly losses: readonly (number | null)[]
  /** Of the scores of the folds; null without folds. */
  readonly deviations: readonly (number | null)[] | null
  readonly epochs: readonly number[]
  readonly parameters: readonly number[]
  /** The epoch in which the training diverged, from 1 on; 0 where it is not known, null where it did not diverge. */
  readonly faults: readonly (number | null)[]
  /** Why networks diverged and what helps, by their places in the columns; without those for which it was not looked for. */
  readonly causes: Readonly<Record<number, string>>
  readonly commands: PackedTexts
  readonly curves: readonly BestCurves[]
  readonly wall: Wall | null
}

export interface PayloadAxis {
  /** As people read it: `learning rate`. */
  readonly name: string
  /** Its option on the command line. */
  readonly option: string
  readonly scale: 'log' | 'linear' | 'words'
  /** The different values: numbers, or words on a scale of words. */
  readonly values: readonly (number | string)[]
  /** For each network, the place of its value in `values`. */
  readonly places: readonly number[]
}

/** Texts that have most words in common, such as commands. A text is its words, joined by spaces. */
export interface PackedTexts {
  /** Texts with the same number of words: each column has the words at one place, or the only one there is. */
  readonly groups: readonly { readonly columns: readonly (string | WordColumn)[] }[]
  /** For each text, its group and its row there. */
  readonly group: readonly number[]
  readonly row: readonly number[]
}

export interface WordColumn {
  readonly words: readonly string[]
  /** For each row, the place of its word in `words`. */
  readonly places: readonly number[]
}

/** The training of one of the best networks. Scores are shares; all are null for regression. */
export interface BestCurves {
  /** The place of the network in the columns. */
  readonly network: number
  readonly epoch: readonly number[]
  readonly loss: readonly (number | null)[]
  readonly score: readonly (number | null)[]
  /** Null where no epoch was validated. */
  readonly validationLoss: readonly (number | null)[] | null
  readonly validationScore: readonly (number | null)[] | null
}

/** Pictures of what the best networks compute over the plane of the data. */
export interface Wall {
  readonly kind: 'classes' | 'values'
  /** Names of the two coordinates. */
  readonly features: readonly [string, string]
  /** Names of the classes with the places of their colours; for values, the lowest and the highest one. */
  readonly legend: readonly { readonly name: string; readonly colour: number }[]
  /** 256 colours: bytes of red, green and blue, as base64. */
  readonly colours: string
  /** Samples of the data: where they are, from 0 to 1 from the left and from the top, and the places of their colours. */
  readonly points: { readonly x: readonly number[]; readonly y: readonly number[]; readonly colour: readonly number[] }
  readonly pictures: readonly WallPicture[]
}

export interface WallPicture {
  readonly rank: number
  readonly width: number
  readonly height: number
  /** A byte for each pixel, the place of its colour; a row at a time from the top; as base64. */
  readonly values: string
}
