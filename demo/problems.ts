import type { ProblemName } from './settings.ts'

/** Title of each problem on the page, with a hint on what it demands of a network. */
export const problemTexts: Record<Exclude<ProblemName, 'file'>, { title: string; hint: string }> = {
  circle: { title: 'Circle', hint: 'Inside or outside? Three hidden neurons can enclose the circle.' },
  linear: { title: 'Line', hint: 'A straight line separates the classes: one neuron is enough.' },
  xor: { title: 'Exclusive or', hint: 'Opposite corners are in the same class. No straight line separates them.' },
  moons: { title: 'Moons', hint: 'Two interleaved half circles.' },
  spirals: { title: 'Spirals', hint: 'The hardest problem: try two hidden layers and tanh.' },
  hills: { title: 'Hills', hint: 'Regression: predict the height at each point instead of a class.' },
  digits: {
    title: 'Digits',
    hint: 'Pictures of 28 × 28 pixels. Draw a digit yourself and see what the network predicts.',
  },
  own: { title: 'Your own', hint: 'Click the data to add points; the network starts to learn them immediately.' },
}
