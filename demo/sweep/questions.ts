import type { Settings, WallAxisName } from '../settings.ts'

/** A question about an axis that the wall answers. */
const questions: Readonly<Record<WallAxisName, string>> = {
  learningRate: 'Which learning rate is fast, and which one is too large?',
  seed: 'Does a good network also need a lucky start?',
  width: 'How many neurons are enough?',
  layers: 'Do more layers help, or do they make learning slower?',
  activation: 'Which activation draws straight borders, and which one round borders?',
  batch: 'Do small batches or large ones learn faster?',
  l2: 'At which penalty does the border become too smooth?',
  optimizer: 'Which optimizer forgives a learning rate that does not suit the data?',
  init: 'From which initial weights does a network learn nothing?',
}

/** Two axes that lead to a question about both. */
const pairs: Readonly<Record<string, string>> = {
  'learningRate seed': 'Which learning rate works for every seed?',
  'seed width': 'From how many neurons on does every seed succeed?',
  'activation learningRate': 'Does every activation need the same learning rate?',
  'layers width': 'Is it better to have many neurons in one layer, or few neurons in many?',
  'batch learningRate': 'With larger batches, may the learning rate be larger, too?',
  'learningRate optimizer': 'Which optimizer works with the most learning rates?',
  'learningRate width': 'Do wide networks need another learning rate than narrow ones?',
}

/** A question to explore with the axes of the wall. */
export function questionFor({ wallAcross, wallUp }: Settings): string {
  return pairs[[wallAcross, wallUp].sort().join(' ')] ?? questions[wallAcross === 'seed' ? wallUp : wallAcross]
}
