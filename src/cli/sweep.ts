import type { Command } from 'commander'
import { defineMerge, mergeSweep } from './sweep/merge.ts'
import { defineSweep } from './sweep/options.ts'
import { trainSweep } from './sweep/train-sweep.ts'

export function sweepCommand(): Command {
  const command = defineSweep()
  command.action(() => trainSweep(process.argv.slice(3)))
  // Options that both have are taken by the first of the two, wherever they are given.
  command.addCommand(
    defineMerge().action((folders: string[], _: object, merge: Command) =>
      mergeSweep(folders, merge.optsWithGlobals()),
    ),
  )
  return command
}
