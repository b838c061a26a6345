import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, cpus, release, totalmem } from 'node:os'
import { version } from '../core/version.ts'
import { BackendUnavailableError } from '../core/errors.ts'
import { checkDevice, type CheckProgress, type CheckSelection, type DeviceCheck } from '../training/check/check.ts'
import { diagnose, type Diagnosis } from './diagnose.ts'

/** The machine and the versions of what a check ran with. */
export interface CheckedMachine {
  /** Of webgpu-mlp. */
  readonly version: string
  readonly node: string
  /** Of the package `webgpu` (Dawn); absent where its file is not found. */
  readonly dawn?: string
  readonly system: string
  readonly processor: string
  readonly processors: number
  /** In bytes. */
  readonly memory: number
  /** Linux with NVIDIA's driver: the line by which the driver describes itself. */
  readonly nvidia?: string
}

/** What `doctor --check` writes to its file: everything that a report of a problem needs. */
export interface CheckReport extends Partial<DeviceCheck> {
  readonly format: 'webgpu-mlp check'
  readonly date: string
  readonly ok: boolean
  readonly problems: readonly string[]
  readonly machine: CheckedMachine
  readonly diagnosis: Diagnosis
}

/** Checks the adapter of this machine; where there is none, the report says so. */
export async function checkMachine(progress?: CheckProgress, selection?: CheckSelection): Promise<CheckReport> {
  const about = {
    format: 'webgpu-mlp check',
    date: new Date().toISOString(),
    machine: describeMachine(),
    diagnosis: await diagnose(),
  } as const
  try {
    return { ...about, ...(await checkDevice(progress, selection)) }
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error
    return { ...about, ok: false, problems: [error.message] }
  }
}

function describeMachine(): CheckedMachine {
  const processors = cpus()
  const dawn = dawnVersion()
  const nvidia = firstLine('/proc/driver/nvidia/version')
  return {
    version,
    node: process.version,
    ...(dawn !== undefined && { dawn }),
    system: `${process.platform} ${arch()} ${release()}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memory: totalmem(),
    ...(nvidia !== undefined && { nvidia }),
  }
}

function dawnVersion(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve('webgpu/package.json')
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
  } catch {
    return undefined
  }
}

function firstLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0]
  } catch {
    return undefined
  }
}
