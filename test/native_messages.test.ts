import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { program, runCommand } from './command.ts'

/** What native code writes to standard error; the Vulkan loader writes much of it where it is asked to. */

let folder: string
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-messages-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const loader = { VK_LOADER_DEBUG: 'all' }
const fromLoader = /Vulkan Loader Version/
const train = ['train', '--data', 'circle', '--backend', 'webgpu', '--epochs', '2', '--seed', '1']

/** What a pseudo terminal shows of a run of the built program. */
function onTerminal(
  args: readonly string[],
  env: Record<string, string> = {},
): { lines: string[]; code: number | null } {
  const { DEBUG: _, ...own } = process.env
  const line = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ')
  const { stdout, status, error } = spawnSync('script', ['-qec', line, '/dev/null'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...own, ...loader, CI: 'true', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error) throw error
  return { lines: stdout.split(/\r?\n/), code: status }
}

describe.runIf(process.platform === 'linux')('messages of the Vulkan loader and drivers', () => {
  it('do not reach a terminal before or during a training', () => {
    const { lines, code } = onTerminal(train)
    expect(code).toBe(0)
    expect(lines[0]).toMatch(/^Backend +webgpu: /)
    const end = lines.findIndex((line) => line.startsWith('Trained 2 epochs'))
    expect(end).toBeGreaterThan(0)
    expect(lines.slice(0, end).join('\n')).not.toMatch(/Vulkan|LAYER|DRIVER/)
  })

  it('are shown as they are written where DEBUG is set', () => {
    const { lines, code } = onTerminal(train, { DEBUG: '1' })
    expect(code).toBe(0)
    expect(lines[0]).toMatch(fromLoader)
  })

  it('are shown by doctor, after what it found, and errors still reach the terminal', () => {
    const { lines } = onTerminal(['doctor'])
    const heading = lines.findIndex((line) => line.startsWith('What Dawn and the drivers wrote'))
    expect(heading).toBeGreaterThan(0)
    expect(lines.slice(0, heading).join('\n')).not.toMatch(fromLoader)
    expect(lines.slice(heading).join('\n')).toMatch(fromLoader)
    const failing = onTerminal([...train, '--layers', '3,2'])
    expect([failing.code, failing.lines.join('\n')]).toEqual([2, expect.stringContaining('webgpu-mlp: --layers')])
  })

  it('reach a terminal all the same where no file can be made to keep them', () => {
    const { lines, code } = onTerminal(train, { TMPDIR: '/nothing', WEBGPU_MLP_CACHE: 'off' })
    expect(code).toBe(0)
    expect(lines.join('\n')).toMatch(fromLoader)
    expect(lines.join('\n')).toContain('Trained 2 epochs')
  })

  it('go where standard error goes that is no terminal', async () => {
    const { code, out, error } = await runCommand(train, { cwd: folder, env: loader })
    expect(code).toBe(0)
    expect(out).toMatch(/^Backend /)
    expect(error).toMatch(fromLoader)
  })
})
