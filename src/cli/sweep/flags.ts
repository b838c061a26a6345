import { activationNames, initializerNames, lossNames, optimizerNames } from '../../index.ts'
import type { OwnFlag } from '../flags.ts'

/** The flags of `sweep` that take several values, or that only a sweep has. */
export const sweepFlags = {
  layers: {
    flag: '--layers <sizes>',
    help: "neurons per layer, inputs first, '-' takes a size from the data; repeat it for more shapes (default: -,3,-)",
  },
  activation: {
    flag: '--activation <names>',
    help: `for all layers, or a list with one for each; repeat it for more: ${activationNames.join(', ')} (default: sigmoid)`,
  },
  hidden: { flag: '--hidden <names>', help: 'activations of the hidden layers' },
  output: { flag: '--output <names>', help: 'activations of the last layer (default: what the loss needs)' },
  init: { flag: '--init <names>', help: `${initializerNames.join(', ')} (default: glorotUniform)` },
  loss: { flag: '--loss <names>', help: `${lossNames.join(', ')} (default: quadratic)` },
  optimizer: { flag: '--optimizer <names>', help: `${optimizerNames.join(', ')} (default: sgd)` },
  lr: { flag: '--lr <rates>', help: "learning rates (default: 0.1 for sgd, else PyTorch's)" },
  schedule: {
    flag: '--schedule <form>',
    help: "as for train; repeat it for more, 'none' keeps the rate as it is",
  },
  batch: { flag: '--batch <sizes>', help: 'samples per step (default: 32)' },
  epochs: { flag: '--epochs <counts>', help: 'passes over the training data (default: 10)' },
  momentum: { flag: '--momentum <shares>', help: 'for sgd and rmsprop' },
  weightDecay: { flag: '--weight-decay <factors>', help: 'share of each parameter that a step takes away' },
  clipNorm: { flag: '--clip-norm <lengths>', help: 'shorten gradients that are longer than this' },
  l1: { flag: '--l1 <factors>', help: 'penalties that drive weights to zero' },
  l2: { flag: '--l2 <factors>', help: 'penalties that keep weights small' },
  dropout: {
    flag: '--dropout <shares>',
    help: 'share of hidden units to drop, or a list with one for each hidden layer; repeat it for more',
  },
  seeds: { flag: '--seeds <seeds>', help: 'how many seeds for each combination, or which: 32, or 5,6,11 (default: 1)' },
  random: { flag: '--random <count>', help: 'train random combinations; ranges then need no count: --lr 0.01:10:log' },
  randomSeed: { flag: '--random-seed <number>', help: 'with --random: the seed of the choice (default: 1)' },
  halving: {
    flag: '--halving [rounds]',
    help: 'end the training of weak networks early, in this number of rounds (default: 4); with --shard, the networks of a part are compared with each other only',
  },
  keep: { flag: '--keep <share>', help: 'with --halving: the share that trains on after a round (default: 0.5)' },
  limit: { flag: '--limit <count>', help: 'the most networks that may be trained (default: 100000)' },
  folds: { flag: '--folds <count>', help: 'score each network by cross-validation with this number of folds' },
  dryRun: { flag: '--dry-run', help: 'list what would be trained and estimate how long that takes; write nothing' },
  out: { flag: '--out <folder>', help: 'the folder for the results (default: sweep)' },
  resume: {
    flag: '--resume [folder]',
    help: 'continue the sweep in this folder, or in that of --out; begin it where there is none yet',
  },
  shard: {
    flag: '--shard <i/n>',
    help: 'train the part i of n (default: from the variables of Slurm arrays and Kubernetes Indexed Jobs)',
  },
  shards: { flag: '--shards <count>', help: 'in a Kubernetes Indexed Job: how many parts there are (its completions)' },
  ensemble: {
    flag: '--ensemble <count>',
    help: 'also score the mean prediction of the best networks, 0 for none (default: 5)',
  },
  merged: { flag: '--out <folder>', help: 'the folder for the merged results' },
} satisfies Record<string, OwnFlag>
