import type { Command } from 'commander'
import { defineMerge, mergeSweep } from './sweep/merge.ts'
import { defineSweep } from './sweep/options.ts'
import { trainSweep } from './sweep/train-sweep.ts'

export function sweepCommand(): Command {
  const command = defineSweep().enablePositionalOptions()
  command.action(() => trainSweep(process.argv.slice(3)))
  command.addCommand(defineMerge().action(mergeSweep))
  return command
}
