#!/usr/bin/env node
import { Command } from 'commander'
import { version } from '../../package.json'
import { doctorCommand } from './doctor.ts'
import { evaluateCommand } from './evaluate.ts'
import { exportCommand } from './export.ts'
import { importCommand } from './import.ts'
import { infoCommand } from './info.ts'
import { report } from './output.ts'
import { predictCommand } from './predict.ts'
import { reportCommand } from './report.ts'
import { trainCommand } from './train.ts'
import { verifyCommand } from './verify.ts'

/** The whole command line; every command throws, and errors are told here, in one line. */
function makeProgram(): Command {
  const program = new Command('webgpu-mlp')
    .description('Trains multi-layer perceptrons on the GPU through WebGPU, or on the CPU.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
  const commands = [
    trainCommand,
    predictCommand,
    evaluateCommand,
    reportCommand,
    verifyCommand,
    exportCommand,
    importCommand,
    infoCommand,
    doctorCommand,
  ]
  for (const make of commands) {
    const command = make()
    command.copyInheritedSettings(program)
    program.addCommand(command)
  }
  return program
}

// A reader that has enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const program = makeProgram()
if (process.argv.length <= 2) program.outputHelp()
else {
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = report(error)
  }
}
