import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Job } from 'kubernetes-types/batch/v1'
import { chooseShard } from '../src/cli/sweep/shard.ts'
import { parseSweep } from '../src/cli/sweep/options.ts'

/** The examples for clusters: the script for Slurm and the manifests for Kubernetes. */

const root = fileURLToPath(new URL('../', import.meta.url))
const examples = join(root, 'examples', 'cluster')
const script = join(examples, 'sweep.slurm')

let folder: string
beforeAll(() => {
  mkdirSync(join(root, '.cache'), { recursive: true })
  folder = mkdtempSync(join(root, '.cache', 'cluster-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** The objects of a manifest. */
const objectsOf = (name: string) =>
  parseAllDocuments(readFileSync(join(examples, name), 'utf8'), { uniqueKeys: true }).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS() as { kind: string; spec: Record<string, unknown> }
  })

const modules: Record<string, string> = { Job: 'batch/v1', PersistentVolumeClaim: 'core/v1' }

/** What the compiler reports about objects as values of the types of the Kubernetes API, which refuse unknown fields. */
function problemsOf(objects: readonly { kind: string }[]): string[] {
  const path = join(folder, 'manifest.ts')
  const lines = objects.map(
    (object, i) =>
      `import type { ${object.kind} as Kind${i} } from 'kubernetes-types/${modules[object.kind]}'\n` +
      `export const object${i}: Kind${i} = ${JSON.stringify(object)}\n`,
  )
  writeFileSync(path, lines.join(''))
  const program = ts.createProgram([path], {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es5.d.ts'],
  })
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}

it('the manifests are objects of the Kubernetes API', () => {
  const objects = [...objectsOf('sweep-job.yaml'), ...objectsOf('sweep-merge.yaml')]
  expect(objects.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'Job', 'Job'])
  const [claim, job] = objects
  const unknown = { ...job!, spec: { ...job!.spec, completion: 4 } }
  const mistyped = { ...job!, spec: { ...job!.spec, completions: '4' } }
  expect(problemsOf([...objects, unknown, mistyped, { ...claim!, kind: 'Job' }])).toEqual([
    `Object literal may only specify known properties, and '"completion"' does not exist in type 'JobSpec'.`,
    "Type 'string' is not assignable to type 'number'.",
    `Type '"v1"' is not assignable to type '"batch/v1"'.`,
    `Object literal may only specify known properties, and '"accessModes"' does not exist in type 'JobSpec'.`,
  ])
})

it('each pod of the Indexed Job trains another shard, and the merge reads their folder', () => {
  const job = objectsOf('sweep-job.yaml')[1] as unknown as Job
  const merge = objectsOf('sweep-merge.yaml')[0] as unknown as Job
  const { completionMode, completions, template } = job.spec!
  const [container] = template.spec!.containers
  const { options } = parseSweep(container!.args!)
  expect(completionMode).toBe('Indexed')
  expect(options).toMatchObject({ out: '/results/sweep', resume: true, data: 'circle' })
  const shards = Array.from({ length: completions! }, (_, i) => chooseShard(options, { JOB_COMPLETION_INDEX: `${i}` }))
  expect(shards.map((shard) => `${shard!.index}/${shard!.count}`)).toEqual(['1/4', '2/4', '3/4', '4/4'])
  const merging = merge.spec!.template.spec!
  expect(merging.containers[0]!.command).toEqual(['webgpu-mlp', 'sweep', 'merge', options.out, '--out=/results/merged'])
  expect(merging.volumes).toEqual(template.spec!.volumes)
  expect(merging.containers[0]).toMatchObject({ image: container!.image, volumeMounts: container!.volumeMounts })
})

it('the script for Slurm starts a sweep with the options given after it', () => {
  expect(spawnSync('bash', ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  const program = join(folder, 'webgpu-mlp')
  writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@"\n')
  chmodSync(program, 0o755)
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}`, SLURM_CPUS_PER_TASK: '3' }
  const { stdout } = spawnSync('bash', [script, '--shard', '3/4'], { env, encoding: 'utf8' })
  const [command, ...words] = stdout.trimEnd().split('\n')
  const { options } = parseSweep(words)
  expect(command).toBe('sweep')
  expect(options).toMatchObject({ out: 'sweep', resume: true, threads: 3, shard: '3/4' })
  const [, tasks] = /^#SBATCH --array=0-(\d+)$/m.exec(readFileSync(script, 'utf8'))!
  expect(tasks).toBe('3')
})

// Slurm answers only where its controller runs.
const hasSlurm = spawnSync('scontrol', ['ping'], { timeout: 5000, encoding: 'utf8' }).stdout?.includes('UP') ?? false

it.skipIf(!hasSlurm)(`sbatch accepts the script${hasSlurm ? '' : ' (skipped: no Slurm here)'}`, () => {
  const { status, stderr } = spawnSync('sbatch', ['--test-only', script], { timeout: 10_000, encoding: 'utf8' })
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('to start at') as string })
})
