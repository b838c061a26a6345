/**
 * The most parameters of a network whose training is straight-line code: the code grows with them, and wide layers are faster
 * as matrix products.
 */
export const MOST_STRAIGHT_PARAMETERS = 400
