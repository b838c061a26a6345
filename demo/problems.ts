import type { ProblemName } from './settings.ts'

/** What the problems are called on the page, and what they ask of a network. */
export const problems: Record<Exclude<ProblemName, 'file'>, { title: string; hint: string }> = {
  circle: { title: 'Circle', hint: 'Inside or outside? Three hidden neurons can fence it in.' },
  linear: { title: 'Line', hint: 'A straight line divides the classes: one neuron is enough.' },
  xor: { title: 'Exclusive or', hint: 'Opposite corners belong together. No line does it.' },
  moons: { title: 'Moons', hint: 'Two half circles that reach into each other.' },
  spirals: { title: 'Spirals', hint: 'The hard one: try two hidden layers and tanh.' },
  hills: { title: 'Hills', hint: 'Not a class but a quantity: how high is the land at each point?' },
  digits: { title: 'Digits', hint: 'Pictures of 28 × 28 pixels. Draw one yourself and see what the network says.' },
  own: { title: 'Your own', hint: 'Click into the data to add points; the network learns them at once.' },
}
