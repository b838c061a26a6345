import { Command } from 'commander'
import { registerDoctor } from './doctor.ts'
import { exitCodeOf, sayError } from './errors.ts'
import { registerEvaluate } from './evaluate.ts'
import { registerInfo } from './info.ts'
import { registerPredict } from './predict.ts'
import { registerTrain } from './train.ts'
import { registerVerify } from './verify.ts'
import { version } from './version.ts'

/** Runs the command line. Errors become one line on standard error, and the exit code: 2 bad input, 1 a failed run. */
export async function run(argv: readonly string[]): Promise<void> {
  // A reader that went away (`| head`) is no error; a run whose output is not read still writes its files.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  const program = createProgram()
  try {
    if (argv.length <= 2) program.outputHelp()
    else await program.parseAsync(argv)
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    if (process.exitCode !== 0) process.stderr.write(`${sayError(error)}\n`)
  }
}

function createProgram(): Command {
  const program = new Command('webgpu-mlp')
    .description('Trains multi-layer perceptrons on the GPU through WebGPU, or on the CPU.')
    .version(version)
    .helpCommand(true)
    .showSuggestionAfterError()
    .exitOverride()
    // Errors are printed by `run`, in one line.
    .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
  registerTrain(program)
  registerPredict(program)
  registerEvaluate(program)
  registerVerify(program)
  registerInfo(program)
  registerDoctor(program)
  return program
}
