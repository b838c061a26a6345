import { Command } from 'commander'
import { InputError } from '../index.ts'
import { diagnose } from '../node/diagnose.ts'
import { type CheckOptions, runCheck } from './check.ts'
import { describeDiagnosis } from './diagnosis.ts'
import { addOwn, ownFlags } from './flags.ts'
import { exitCodes, print } from './output.ts'

interface DoctorOptions extends CheckOptions {
  check?: boolean
}

export function doctorCommand(): Command {
  const command = new Command('doctor').description(
    'which GPUs were found, which one is used and why, and what to install if there is none',
  )
  addOwn(command, ownFlags.check, ownFlags.checked, ownFlags.json, ownFlags.force)
  return command.action(doctor)
}

async function doctor({ check = false, ...options }: DoctorOptions): Promise<void> {
  if (check) {
    if (!(await runCheck(options))) process.exitCode = exitCodes.failed
    return
  }
  if (options.out !== undefined) throw new InputError('--out: is for the report of --check; give --check too')
  const diagnosis = await diagnose({ selfTest: true })
  print(options.json ? JSON.stringify(diagnosis) : describeDiagnosis(diagnosis))
}
