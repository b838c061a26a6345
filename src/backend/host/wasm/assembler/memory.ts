import { type Code, type I32, signed, type Statement, unsigned } from './expression.ts'
import { int } from './scalars.ts'

/** Instructions on memory: copies, and atomic accesses of several threads. */

/** Copies `bytes` bytes in memory. */
export const copyMemory =
  (to: I32, from: I32, bytes: I32): Statement =>
  (code) => {
    to.write(code)
    from.write(code)
    bytes.write(code)
    code.push(0xfc, 0x0a, 0, 0)
  }

const atomicAccess = (code: Code, value: number, offset: number) => {
  code.push(0xfe, value, 2)
  unsigned(code, offset)
}

/** Atomic accesses to 32-bit integers in shared memory; addresses are multiples of 4. */
export const atomic = {
  load: (address: I32, offset = 0): I32 => ({
    type: 'i32',
    write(code) {
      address.write(code)
      atomicAccess(code, 0x10, offset)
    },
  }),
  store:
    (address: I32, value: I32, offset = 0): Statement =>
    (code) => {
      address.write(code)
      value.write(code)
      atomicAccess(code, 0x17, offset)
    },
  /**
   * Sleeps while the value at an address is `expected`, until it is notified or the time is over. Not allowed on a page's
   * main thread.
   */
  wait: (address: I32, expected: I32, nanoseconds: number): I32 => ({
    type: 'i32',
    write(code) {
      address.write(code)
      expected.write(code)
      code.push(0x42)
      signed(code, nanoseconds)
      atomicAccess(code, 0x01, 0)
    },
  }),
  /** Wakes all threads that wait at an address; gives their number. */
  notify: (address: I32): I32 => ({
    type: 'i32',
    write(code) {
      address.write(code)
      int(-1).write(code)
      atomicAccess(code, 0x00, 0)
    },
  }),
  /** Adds, and gives the value before. */
  add: (address: I32, value: I32, offset = 0): I32 => ({
    type: 'i32',
    write(code) {
      address.write(code)
      value.write(code)
      atomicAccess(code, 0x1e, offset)
    },
  }),
}
