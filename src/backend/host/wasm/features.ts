import { atomic } from './assembler/memory.ts'
import { int } from './assembler/scalars.ts'
import { f32x4, floats, v128 } from './assembler/vectors.ts'
import type { Body } from './assembler/function.ts'
import { ModuleWriter } from './assembler/module.ts'
import { sharingObstacle } from './threads.ts'

/** What the JavaScript engine has of WebAssembly. Reasons are clauses that complete "because …". */
export interface WasmFeatures {
  /** Why the backend 'wasm' cannot run here; undefined where it can. */
  readonly obstacle: string | undefined
  readonly hasSimd: boolean
  /** Whether it has relaxed SIMD, whose multiply-add rounds once where the processor does. */
  readonly isRelaxed: boolean
  /** Why threads cannot share memory, so that there is only one; undefined where they can. */
  readonly sharingObstacle: string | undefined
}

/** Finds out what this engine has: it validates small modules, and compiles one. */
export function findFeatures(): WasmFeatures {
  // Some hardened browsers have no WebAssembly.
  if (typeof WebAssembly === 'undefined') {
    const obstacle = 'this JavaScript engine has no WebAssembly'
    return { obstacle, hasSimd: false, isRelaxed: false, sharingObstacle: obstacle }
  }
  const hasSimd = isValid((body) => body.do(v128.store(int(0), floats(1))))
  const isRelaxed = isValid((body) => {
    const one = floats(1)
    body.do(v128.store(int(0), f32x4.relaxedMadd(one, one, one)))
  })
  const hasAtomics = isValid((body) => body.do(atomic.store(int(0), int(1))), true)
  return {
    obstacle: hasSimd ? findCompilationObstacle() : "this JavaScript engine's WebAssembly has no SIMD instructions",
    hasSimd,
    isRelaxed,
    sharingObstacle: hasAtomics ? sharingObstacle() : "this JavaScript engine's WebAssembly has no shared memory",
  }
}

type WriteBody = (body: Body) => void

function makeModule(write: WriteBody, isShared = false): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter({ isShared })
  module.procedure('test', [], write)
  return module.finish()
}

const isValid = (write: WriteBody, isShared = false): boolean => WebAssembly.validate(makeModule(write, isShared))

/** A Content-Security-Policy may forbid to compile WebAssembly; validating is allowed nevertheless. */
function findCompilationObstacle(): string | undefined {
  try {
    new WebAssembly.Module(makeModule(() => undefined))
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return /Content.Security.Policy|unsafe-eval|CSP/i.test(message)
      ? "the page's Content-Security-Policy forbids WebAssembly (allow it by script-src 'wasm-unsafe-eval')"
      : `this JavaScript engine does not compile WebAssembly: ${message}`
  }
}
