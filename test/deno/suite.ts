/**
 * Runs in Deno: `suite.js FILE...` runs bundled test files, and prints each test that failed and, as the last line, the
 * counts as JSON.
 */
import { type File, startTests, type Task, type VitestRunner } from '@vitest/runner'

declare const Deno: { args: string[]; exit: (code: number) => never }

const runner: VitestRunner = {
  config: {
    root: '/',
    setupFiles: [],
    name: 'deno',
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { shuffle: false, concurrent: false, seed: 0, hooks: 'stack', setupFiles: 'list' },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
  } as unknown as VitestRunner['config'],
  importFile: (path) => import(/* @vite-ignore */ path),
}

const testsOf = (task: Task): Task[] => (task.type === 'suite' ? task.tasks.flatMap(testsOf) : [task])
const nameOf = (task: Task): string =>
  task.suite && task.suite !== task.file ? `${nameOf(task.suite)} > ${task.name}` : task.name

const totals = { passed: 0, failed: 0, skipped: 0 }

function count(file: File): void {
  const fileName = file.name.replace(/^.*\//, '')
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const test of testsOf(file)) {
    const { state, errors } = test.result ?? {}
    counts[state === 'pass' ? 'passed' : test.mode === 'skip' || test.mode === 'todo' ? 'skipped' : 'failed']++
    if (state !== 'pass' && errors)
      console.log(`failed: ${nameOf(test)}\n${errors.map(({ message }) => message).join('\n')}`)
  }
  // A file that cannot be imported, and hooks that fail, count as one failed test.
  const broken = file.result?.state === 'fail' && counts.failed === 0
  if (broken) {
    counts.failed++
    console.log(
      `failed: ${fileName}\n${(file.result?.errors ?? []).map(({ stack, message }) => stack ?? message).join('\n')}`,
    )
  }
  console.log(
    `${fileName}: ${counts.passed} passed, ${counts.failed} failed, in ${Math.round(file.result?.duration ?? 0)} ms`,
  )
  for (const key of ['passed', 'failed', 'skipped'] as const) totals[key] += counts[key]
}

for (const path of Deno.args) {
  for (const file of await startTests([path], runner)) count(file)
}
console.log(JSON.stringify(totals))
Deno.exit(totals.failed > 0 ? 1 : 0)
