import { BackendUnavailableError, DeviceLostError } from '../../core/errors.ts'
import type { Device } from '../webgpu/device/device.ts'
import type { Compiler } from '../webgpu/kernels/compiler.ts'
import type { TestCase } from './bench.ts'

const TICK_MILLISECONDS = 1000

/**
 * Seconds without any progress after which a device is considered to hang. On hardware a case takes milliseconds once its
 * kernels are compiled, and drivers reset a device that works on one submit for more than about ten seconds. Compilers may
 * take minutes for the longest kernels on a busy machine. A software adapter may compile at the first dispatch (lavapipe: up
 * to 84 s for one kernel), when nothing distinguishes compiling from running.
 */
const MOST_SILENT = { hardware: 30, software: 300, compiling: 300 }

/** A device that was lost, or that does not answer: nothing can be found out about its kernels. */
export class UntestableError extends BackendUnavailableError {}

/** Cases that are under way on a device. */
export interface CasesUnderWay {
  readonly device: Device
  /** Compiles their kernels. */
  readonly compiler: Compiler
  /** Those that have no result yet. */
  readonly unanswered: ReadonlySet<TestCase>
}

/**
 * Waits for test cases, but not for ever: a kernel that never ends gives no error. Time is counted in ticks, so that time
 * during which the machine sleeps does not count.
 * @throws UntestableError where the device was lost, also if the work itself does not end because of that, and where nothing
 * is compiled or computed for too long
 */
export async function untilSilent<T>(work: Promise<T>, { device, compiler, unanswered }: CasesUnderWay): Promise<T> {
  let timer: ReturnType<typeof setInterval> | undefined
  const progress = () => `${compiler.pending} ${unanswered.size}`
  const silence = new Promise<never>((_, reject) => {
    let [silent, before] = [0, progress()]
    timer = setInterval(() => {
      const now = progress()
      silent = now === before ? silent + 1 : 0
      before = now
      const usual = device.profile.software ? MOST_SILENT.software : MOST_SILENT.hardware
      const most = compiler.pending > 0 ? MOST_SILENT.compiling : usual
      try {
        device.check()
        if (silent >= most) throw hangError(device, most, unanswered)
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }, TICK_MILLISECONDS)
  })
  try {
    const result = await Promise.race([work, silence])
    device.check()
    return result
  } catch (error) {
    if (!(error instanceof DeviceLostError)) throw error
    throw new UntestableError(`during the self-test, ${error.message}`, { cause: error })
  } finally {
    clearInterval(timer)
    work.catch(() => undefined) // It may still fail, when no call waits for it any more.
  }
}

function hangError({ name }: Device, seconds: number, unanswered: ReadonlySet<TestCase>): UntestableError {
  const stages = [...new Set([...unanswered].map(({ stage }) => stage))].join(', ')
  return new UntestableError(
    `'${name}' fails the self-test: no result within ${seconds} s of ${stages}; backend: 'cpu' works everywhere`,
  )
}
