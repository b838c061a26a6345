import { spawnSync } from 'node:child_process'
import { program } from './command.ts'

export const words = (text: string) => text.split(' ')

export const network =
  '--layers -,24,16,- --activation tanh,tanh,softmax --loss crossEntropy --optimizer adam --lr 0.005'

/** The arguments of a run of 60 epochs with much state to resume: an optimizer's state, a schedule, dropout, a shuffled order. */
export const run = words(
  `train --data spirals --samples 2000 ${network} --schedule cosine:epochs=60 --dropout 0.1 --l2 1e-5 --test 0.2 ` +
    '--seed 4 --epochs 60 --backend cpu --json',
)

/** Runs the built program until it exits. */
export const call = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })

/** The run, with more options. */
export const train = (...more: string[]) => call(...run, ...more)
