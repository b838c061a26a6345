import type { Settings } from '../settings.ts'

/**
 * What a change of a setting affects: `page` nothing that the worker does; `plane` what the plane shows or the points that
 * are trained on; `run` everything, so that a new run starts. The others change the current run.
 */
type Effect = 'wall' | 'page' | 'speed' | 'stopping' | 'backend' | 'hyperparameters' | 'plane' | 'run'

export const effects: Readonly<Record<keyof Settings, Effect>> = {
  tab: 'page',
  lesson: 'page',
  wallAcross: 'wall',
  wallUp: 'wall',
  problem: 'run',
  file: 'run',
  target: 'run',
  otherTargets: 'run',
  shownTarget: 'plane',
  across: 'plane',
  up: 'plane',
  task: 'run',
  without: 'run',
  missing: 'run',
  scaleInputs: 'run',
  scaleTargets: 'run',
  points: 'plane',
  features: 'run',
  samples: 'run',
  noise: 'run',
  test: 'run',
  hidden: 'run',
  activations: 'run',
  loss: 'run',
  optimizer: 'run',
  learningRate: 'hyperparameters',
  batch: 'hyperparameters',
  l1: 'hyperparameters',
  l2: 'hyperparameters',
  dropout: 'hyperparameters',
  init: 'run',
  seed: 'run',
  dataSeed: 'run',
  stop: 'stopping',
  patience: 'stopping',
  speed: 'speed',
  backend: 'backend',
}

/** Whether a change of this setting starts a new run; otherwise the current run continues with it. */
export const restartsRun = (key: keyof Settings): boolean => effects[key] === 'run'
