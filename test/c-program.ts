import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CFiles } from '../src/index.ts'

/** Whether gcc is there; tests that need it are skipped without it, and say so. */
export const hasGcc = spawnSync('gcc', ['--version']).status === 0
export const withoutGcc = hasGcc ? '' : ' (skipped: there is no gcc; apt-get install gcc g++)'

/** The flags under which firmware is often compiled: every warning is an error. */
export const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wdouble-promotion', '-Werror']
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']

/** A model to compile, with the rows that it answers. */
export interface CModel {
  prefix: string
  files: CFiles
  /** One float32 per column. */
  rows: readonly (readonly number[])[]
  outputs: number
  classifies?: boolean
  isEnsemble?: boolean
}

/** The answer for one row. */
export interface CAnswer {
  error: number
  outputs: number[]
  deviation: number[]
  /** The class, or a negative number; 0 where the model does not classify. */
  label: number
  probability: number
}

const MARK = -777

/** A folder with the files of the models, and a program that answers their rows. */
export function writeModels(folder: string, models: readonly CModel[]): void {
  for (const { prefix, files } of models) {
    writeFileSync(join(folder, `${prefix}.h`), files.header)
    writeFileSync(join(folder, `${prefix}.c`), files.source)
  }
  const rowsOf = ({ prefix, rows }: CModel) =>
    `static const float rows_${prefix}[][${rows[0]!.length}] = {${rows.map((row) => `{${row.map(cNumber).join(', ')}}`).join(',\n')}};`
  const answer = ({ prefix, rows, outputs, classifies, isEnsemble }: CModel) => `
    for (int i = 0; i < ${rows.length}; i++) {
      float *const row = copy(rows_${prefix}[i], ${rows[0]!.length});
      float *const outputs = fresh(${outputs});
      float *const deviation = fresh(${outputs});
      float probability = ${MARK}.0f;
      const int error = ${prefix}_predict(row, outputs);
      ${isEnsemble ? `if (${prefix}_predict_with_spread(row, outputs, deviation) != error) return 1;` : ''}
      const int label = ${classifies ? `${prefix}_classify(row, &probability)` : '0'};
      ${classifies ? `if (${prefix}_classify(row, NULL) != label) return 2;` : ''}
      printf("%d %d %.9g", error, label, (double)probability);
      for (int j = 0; j < ${outputs}; j++) printf(" %.9g %.9g", (double)outputs[j], (double)deviation[j]);
      printf("\\n");
      free(row); free(outputs); free(deviation);
    }`
  writeFileSync(
    join(folder, 'main.c'),
    `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
${models.map(({ prefix }) => `#include "${prefix}.c"\n`).join('')}
${models.map(rowsOf).join('\n')}
static float *fresh(size_t count) {
  float *const values = (float *)malloc(count * sizeof(float));
  for (size_t i = 0; i < count; i++) values[i] = ${MARK}.0f;
  return values;
}
/* Of the size of the row, so that the sanitizer finds what reads beyond it. */
static float *copy(const float *row, size_t count) {
  float *const values = fresh(count);
  memcpy(values, row, count * sizeof(float));
  return values;
}
int main(void) {${models.map(answer).join('')}
  return 0;
}
`,
  )
}

const cNumber = (value: number) => {
  if (Number.isNaN(value)) return 'NAN'
  if (!Number.isFinite(value)) return value < 0 ? '-INFINITY' : 'INFINITY'
  return `${value.toExponential()}f`
}

/** Runs gcc or g++ in a folder. @throws Error with what the compiler says */
export const compile = (folder: string, compiler: 'gcc' | 'g++', words: readonly string[]): string =>
  execFileSync(compiler, words, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })

/** The variables and functions of an object file: the letter that nm has for their section, and their bytes. */
export const symbolsOf = (folder: string, object: string): { kind: string; size: number }[] =>
  execFileSync('nm', ['-S', object], { cwd: folder, encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, size, kind] = / ([0-9a-f]+) (\w) \S+$/.exec(line) ?? []
      return size && kind ? [{ kind, size: parseInt(size, 16) }] : []
    })

/** Calls a function with a new folder. */
export function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-c-'))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Compiles models as C with sanitizers and as C++, without a warning, and answers their rows. */
export function runModels(models: readonly CModel[]): CAnswer[][] {
  return inFolder((folder) => {
    writeModels(folder, models)
    compile(folder, 'g++', ['-fsyntax-only', ...strict, 'main.c'])
    compile(folder, 'gcc', ['-std=c99', '-O1', ...strict, ...sanitizers, 'main.c', '-lm', '-o', 'main'])
    const lines = execFileSync(join(folder, 'main'), { encoding: 'utf8', stdio: 'pipe' }).trim().split('\n')
    return models.map(({ rows }) => rows.map(() => readAnswer(lines.shift()!)))
  })
}

function readAnswer(line: string): CAnswer {
  const [error, label, probability, ...rest] = line.split(' ').map(Number)
  const every = (start: number) => rest.filter((_, i) => i % 2 === start)
  return { error: error!, label: label!, probability: probability!, outputs: every(0), deviation: every(1) }
}

/** What marks values that the program did not write. */
export const untouched = MARK
