import { doctorCommand } from './doctor.ts'
import { evaluateCommand } from './evaluate.ts'
import { exportCommand } from './export.ts'
import { importCommand } from './import.ts'
import { infoCommand } from './info.ts'
import { predictCommand } from './predict.ts'
import { reportCommand } from './report.ts'
import { sweepCommand } from './sweep.ts'
import { trainCommand } from './train.ts'
import { verifyCommand } from './verify.ts'

/** Makes each command of the program, in the order in which the help lists them. */
export const commands = [
  trainCommand,
  sweepCommand,
  predictCommand,
  evaluateCommand,
  reportCommand,
  verifyCommand,
  exportCommand,
  importCommand,
  infoCommand,
  doctorCommand,
]
