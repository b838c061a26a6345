import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { activationNames } from '../src/model/activation.ts'
import { lossNames } from '../src/loss/loss.ts'
import { optimizerNames } from '../src/optimizer/optimizer.ts'
import { formulaVariants } from '../src/backend/webgpu/kernels/formulas.ts'
import { type Fragment, type Header, linkShader, readHeader } from '../src/backend/webgpu/kernels/link.ts'
import { shaderTexts, type ShaderName } from '../src/backend/webgpu/kernels/manifest.ts'
import { requestedKernels } from './kernel-requests.ts'
import type { RequestedPipeline } from './recording-gpu.ts'

/** Shader files declare in their first lines what they need; these tests compare that with the names in their code. */

/** WGSL's keywords, types, attributes and the built-in functions and values that the shaders use. */
const wgsl = new Set(
  `alias array atomic bool break case const continue default else enable f32 false fn for function i32 if let loop mat4x4f
  override private read read_write return storage struct switch true u32 uniform var vec2f vec3u vec4 vec4f vec4i vec4u
  while workgroup align binding builtin compute group workgroup_size global_invocation_id local_invocation_index
  num_workgroups subgroup_invocation_id workgroup_id abs all any arrayLength atomicLoad atomicStore bitcast clamp countLeadingZeros dot exp
  log max min quadBroadcast select sign sqrt storageBarrier transpose workgroupBarrier bool`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

interface Module extends Header {
  readonly name: string
  /** The names that it declares for other files. */
  readonly declared: ReadonlySet<string>
  /** Names in its code that neither it nor WGSL declares. */
  readonly foreign: ReadonlySet<string>
}

const namesIn = (code: string, pattern: RegExp) => [...code.matchAll(pattern)].map(([, name]) => name!)

function moduleOf(name: string, text: string, header: Header): Module {
  const code = text.replace(/\/\/.*$/gm, '').replace(/\b(0x[\da-f.]+(p-?\d+)?|\d[\d.]*(e-?\d+)?)[uf]?\b/gi, ' ')
  const declared = namesIn(code, /^(?:override|const|alias|struct|fn|.*\bvar\s*<[^>]*>)\s+(\w+)/gm)
  const local = namesIn(code, /\b(?:let|var|const)\s+(\w+)/g)
  const parameters = namesIn(code, /\b(\w+)\s*:/g)
  const used = namesIn(code, /(?<![.\w])([a-zA-Z_]\w*)/g)
  const own = new Set([...declared, ...local, ...parameters])
  const foreign = new Set(used.filter((word) => !own.has(word) && !wgsl.has(word)))
  return { name, declared: new Set(declared), foreign, ...header }
}

const files = (Object.keys(shaderTexts) as ShaderName[]).map((name) =>
  moduleOf(name, shaderTexts[name], readHeader(shaderTexts[name])),
)
const written = formulaVariants({ activations: activationNames })
  .filter((part): part is Fragment => typeof part !== 'string')
  .map((part) => moduleOf('the choice between activations', part.text, { uses: [], provides: [], enables: [], needs: [], ...part })) // prettier-ignore
const modules = [...files, ...written]

/** The files that can satisfy a need: the variants of an interface, or the file of that name. */
function meaningsOf(need: string): Module[] {
  const variants = modules.filter(({ provides }) => provides.includes(need))
  return variants.length > 0 ? variants : modules.filter(({ name }) => name === need)
}

/** The names that a need provides with any variant: those that all variants, or their needs, declare. */
function namesFrom(need: string, seen: ReadonlySet<string> = new Set()): Set<string> {
  if (seen.has(need)) return new Set()
  const within = new Set([...seen, need])
  const each = meaningsOf(need).map(
    ({ declared, needs }) => new Set([...declared, ...needs.flatMap((name) => [...namesFrom(name, within)])]),
  )
  const [first = new Set<string>(), ...others] = each
  return new Set([...first].filter((name) => others.every((names) => names.has(name))))
}

describe.each(modules)('shader $name', (module) => {
  it('needs files and interfaces that exist', () => {
    expect(module.needs.filter((need) => meaningsOf(need).length === 0)).toEqual([])
  })

  it('names everything that it uses', () => {
    const known = new Set([...module.uses, ...module.needs.flatMap((need) => [...namesFrom(need)])])
    expect([...module.foreign].filter((name) => !known.has(name))).toEqual([])
  })

  it('names nothing that it does not use', () => {
    expect(module.uses.filter((name) => !module.foreign.has(name))).toEqual([])
    // A file without code re-exports what it needs.
    const isAlias = module.declared.size === 0
    const wanted = new Set([...module.foreign, ...module.needs.flatMap(meaningsOf).flatMap(({ uses }) => uses)])
    const unused = module.needs.filter((need) => {
      const aliases = meaningsOf(need).filter(({ declared }) => declared.size === 0)
      const declared = [...meaningsOf(need), ...aliases.flatMap(({ needs }) => needs.flatMap(meaningsOf))]
      return !isAlias && !declared.some((one) => [...one.declared].some((name) => wanted.has(name)))
    })
    expect(unused).toEqual([])
  })
})

it('the manifest has every file of shaders/ under its name (npm run shaders writes it)', () => {
  const folder = new URL('../shaders/', import.meta.url)
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.wgsl'))
  const texts = paths.map((path) => [
    path.replaceAll('\\', '/').slice(0, -5),
    readFileSync(new URL(path, folder), 'utf8'),
  ])
  expect(shaderTexts).toEqual(Object.fromEntries(texts))
})

it('every shader is part of a kernel, or a kernel', () => {
  const needed = new Set(modules.flatMap(({ needs }) => needs))
  const kernels = files.filter(({ name, provides }) => !needed.has(name) && !provides.some((one) => needed.has(one)))
  // Files with an entry point, or with a product, whose entry point is in values_*.wgsl.
  const entered = kernels.filter(({ name }) => /@compute|fn run\(/.test(shaderTexts[name as ShaderName]))
  expect(kernels.map(({ name }) => name)).toEqual(entered.map(({ name }) => name))
})

describe('a linked kernel', () => {
  const parts: Fragment[] = [
    { text: 'fn a() {}', provides: ['one'], needs: ['two'] },
    { text: 'fn b() {}', provides: ['two'], needs: ['one'], enables: ['f16'] },
    { text: 'fn c() {}', provides: ['three'] },
  ]

  it('begins with its own text, and contains each part that it needs once', () => {
    const { code } = linkShader({ text: 'fn main() {}', needs: ['one', 'two'] }, parts, ['const N = 3u;'])
    expect(code).toBe('enable f16; fn main() {}\nfn a() {}\nfn b() {}\nconst N = 3u;')
  })

  it('is refused if no file provides what it needs', () => {
    expect(() => linkShader({ text: '', needs: ['four legs'] }, parts)).toThrow("fragment needs 'four legs'")
  })

  it('has the bindings that its text declares', () => {
    const text = `
@group(0) @binding(0) var<uniform> dispatch: Dispatch;
// @group(1) @binding(1) var<storage, read> commented: array<u32>;
@group(1) @binding(4) var<storage, read_write> sums: array<vec2f>;
@group(1) @binding(2) var<storage, read> inputs: array<vec4f>;`
    expect(linkShader({ text }, []).bindings).toEqual(['dispatch', 'none', 'read', 'none', 'readWrite'])
  })

  it('contains the formulas that it computes, and no others', () => {
    const of = (loss: (typeof lossNames)[number], optimizer: (typeof optimizerNames)[number]) =>
      linkShader(
        { text: '', needs: ['activation', 'loss', 'rule'] },
        ['one', 'inverse_power_bounded', ...formulaVariants({ activations: ['tanh', 'softmax'], loss, optimizer })],
      ).code // prettier-ignore
    expect(of('huber', 'sgd')).toMatch(/fn tanh_value/)
    expect(of('huber', 'sgd')).not.toMatch(/fn gelu_value|fn softplus|KEEP1 \*/)
    expect(of('binaryCrossEntropy', 'adam')).toMatch(/fn softplus/)
    for (const loss of lossNames) {
      for (const optimizer of optimizerNames) {
        const code = of(loss, optimizer)
        expect(code.match(/^fn loss_term\(/gm), loss).toHaveLength(1)
        expect(code.match(/^fn move_parameters\(/gm), optimizer).toHaveLength(1)
      }
    }
  })
})

describe('the kernels of all trainings', () => {
  let requests: RequestedPipeline[]
  beforeAll(async () => {
    requests = await requestedKernels()
  }, 120_000)

  it('have layouts with the bindings that their texts declare; a bind group that differs is an error there', () => {
    const types: Record<string, string> = { read: 'read-only-storage', read_write: 'storage' }
    const declared = (code: string) =>
      [...code.replace(/\/\/.*$/gm, '').matchAll(/@group\(1\) @binding\((\d+)\) var<storage, (\w+)>/g)]
        .map(([, binding, access]) => `${binding}: ${types[access!]}`)
        .sort()
    const wrong = requests.filter(({ code, layouts }) => {
      const bound = layouts[1]!.map(({ binding, buffer }) => `${binding}: ${buffer?.type}`).sort()
      return bound.length < 2 || bound.join() !== declared(code).join()
    })
    expect(wrong.map(({ label, code, layouts }) => ({ label, declared: declared(code), layout: layouts[1] }))).toEqual([]) // prettier-ignore
  })
})
