#!/usr/bin/env node
import { Command } from 'commander'
import { version } from '../../package.json'
import '../node/provide.ts'
import { keepNativeMessages } from '../node/native-messages.ts'
import { commands } from './commands.ts'
import { print, reportEnd } from './output.ts'
import { drawingBoard } from './streams.ts'

/** The whole command line; every command throws, and errors are reported here, on one line. */
function makeProgram(): Command {
  const program = new Command('webgpu-mlp')
    .description('Trains multi-layer perceptrons on the GPU through WebGPU, or on the CPU.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeOut: (text) => print(text.replace(/\n$/, '').split('\n')) })
    .showSuggestionAfterError()
  for (const make of commands) {
    const command = make()
    command.copyInheritedSettings(program)
    for (const own of command.commands) own.copyInheritedSettings(command)
    program.addCommand(command)
  }
  return program
}

// Unexpected errors are reported in one line, too.
process.on('uncaughtException', (error) => {
  void reportEnd(error).then((code) => process.exit(code))
})

// With DEBUG, they are shown as they are written.
if (!process.env.DEBUG) keepNativeMessages(drawingBoard)

const program = makeProgram()
let failure: unknown
try {
  if (process.argv.length <= 2) program.outputHelp()
  else await program.parseAsync()
} catch (error) {
  failure = error
}
// A command that did not throw may have set its own code (`verify`, Ctrl-C).
const code = await reportEnd(failure)
if (code !== 0) process.exitCode = code
