import type { ProblemName } from './settings.ts'

/** Title of each problem on the page, with a hint on what it demands of a network. */
export const problemTexts: Record<Exclude<ProblemName, 'file'>, { title: string; hint: string }> = {
  circle: { title: 'Circle', hint: 'Inside or outside?' },
  linear: { title: 'Line', hint: 'One straight line is enough.' },
  xor: { title: 'Exclusive or', hint: 'Opposite corners belong together.' },
  moons: { title: 'Moons', hint: 'Two half circles.' },
  spirals: { title: 'Spirals', hint: 'The hardest problem.' },
  hills: { title: 'Hills', hint: 'Predict a height, not a class.' },
  digits: {
    title: 'Digits',
    hint: 'Draw a digit yourself.',
  },
  own: { title: 'Your own', hint: 'Click the plane to add points.' },
}
