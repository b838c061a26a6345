import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { program, runCommand, runShell } from './command.ts'

/** What native code writes to standard error; the Vulkan loader writes much of it where it is asked to. */

let folder: string
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-messages-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const loader = { VK_LOADER_DEBUG: 'all' }
const fromLoader = /Vulkan Loader Version/
const train = ['train', '--data', 'circle', '--backend', 'webgpu', '--epochs', '2', '--seed', '1']

/** At its end, a process unloads drivers, and the loader says so. */
const untilTrained = (text: string) => text.slice(0, text.indexOf('Trained 2 epochs'))
const fromNative = /Vulkan|LAYER|DRIVER/

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

  it('do not reach a pipe, nor a file that is appended to; what the program writes does', async () => {
    const piped = await runShell(`$P ${train.join(' ')} 2>&1 | cat`, folder, loader)
    expect(untilTrained(piped.out)).toMatch(/^Backend /)
    expect(untilTrained(piped.out)).not.toMatch(fromNative)
    const line = `echo before > log; $P ${train.join(' ')} >> log 2>&1; echo after >> log; cat log`
    const appended = await runShell(line, folder, loader)
    expect(untilTrained(appended.out)).toMatch(/^before\nBackend /)
    expect(untilTrained(appended.out)).not.toMatch(fromNative)
    expect(appended.out).toMatch(/\nafter\n$/)
    const shown = await runShell(`$P ${train.join(' ')} 2>&1 | cat`, folder, { ...loader, DEBUG: '1' })
    expect(untilTrained(shown.out)).toMatch(fromLoader)
    const { out } = await runShell('$P doctor 2>&1 | cat', folder, loader)
    expect(out.split('What Dawn and the drivers wrote')).toEqual([
      expect.not.stringMatching(fromNative),
      expect.stringMatching(fromLoader),
    ])
  })

  it('leave a pipe as it was: an error that is written afterwards arrives', async () => {
    // The folder of the report is replaced by a file as soon as the training begins.
    const line =
      `mkdir gone; $P ${train.join(' ')} --epochs 3000 --report gone/report.html 2>&1 | ` +
      '(read -r first; rm -r gone; touch gone; echo "$first"; cat)'
    const { out } = await runShell(line, folder, loader)
    expect(out).toMatch(/^Backend [^]*\nwebgpu-mlp: .*gone/)
  })

  it('leave nothing undone where the reader of standard error has gone', async () => {
    const { code, out } = await runShell(`$P ${train.join(' ')} 2> >(exec 0<&-)`, folder, loader)
    expect([code, out]).toEqual([0, expect.stringContaining('Trained 2 epochs')])
  })

  it('go where standard error goes that cannot be opened again: files that are not appended to, and sockets', async () => {
    const line = `{ $P ${train.join(' ')}; echo after; } > shared 2>&1; cat shared`
    const { out } = await runShell(line, folder, loader)
    expect(untilTrained(out)).toMatch(fromLoader)
    expect(out).toMatch(/\nBackend [^]*Trained 2 epochs[^]*\nafter\n$/)
    // Node gives the programs that it starts sockets.
    const ended = await runCommand(train, { cwd: folder, env: loader })
    expect([ended.code, ended.out]).toEqual([0, expect.stringMatching(/^Backend /)])
    expect(ended.error).toMatch(fromLoader)
  })
})
