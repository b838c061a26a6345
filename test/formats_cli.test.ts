import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromSafetensors, Network, parseNpy, toC, toJavaScript, toOnnx, toSafetensors } from '../src/index.ts'
import { commandProcess } from './command.ts'
import onnxModels from './onnx/models.json' with { type: 'json' }
import { expectSame, namedNetwork } from './formats.ts'

const network = namedNetwork('relu')
let folder: string
const file = (name: string) => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-formats-'))
  writeFileSync(file('model.json'), JSON.stringify(network))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** A file whose metadata do not name this library. */
function asOthersWrite(safetensors: Uint8Array): Buffer {
  const bytes = Buffer.from(safetensors)
  bytes.write('some-other', bytes.indexOf('webgpu-mlp'))
  return bytes
}

const runHere = commandProcess()
/** Runs the built program in the test's folder. */
const run = (args: string) => runHere(args.split(' '), folder)

describe('export', () => {
  it('writes what the library writes, with the format by name or by file extension', async () => {
    const results = await Promise.all([
      run('export --model model.json --out a/model.onnx'),
      run('export --model model.json --out model.bin --to safetensors'),
      run('export --model model.json --out model.MJS'),
      run('export --model model.json --out model.npy --to npy'),
    ])
    expect(results.map(({ code, out }) => [code, out])).toEqual(Array(4).fill([0, '']))
    expect(results[0]?.error).toMatch(/^a\/model\.onnx written: onnx, [\d.]+ K?i?B\nonnx: the input is float64; .*\n$/)
    expect(readFileSync(file('a/model.onnx'))).toEqual(Buffer.from(await toOnnx(network)))
    expect(readFileSync(file('model.bin'))).toEqual(Buffer.from(toSafetensors(network)))
    expect(readFileSync(file('model.MJS'), 'utf8')).toBe(toJavaScript(network))
    const { shape, data } = parseNpy(readFileSync(file('model.npy')))
    expect(shape).toEqual([network.parameters.length])
    expect(data).toEqual(network.parameters)
    expect(readdirSync(file('a'))).toEqual(['model.onnx'])
  })

  it('writes a source in C with its header, which it recognises when it writes them again', async () => {
    const { code, out, error } = await run('export --model model.json --out firmware/my-model.c')
    expect([code, out]).toEqual([0, ''])
    expect(error).toMatch(
      /^firmware\/my_model\.h written: c, [\d.]+ K?i?B\nfirmware\/my-model\.c written: c, [\d.]+ K?i?B\n$/,
    )
    const { header, source } = toC(network, { prefix: 'my_model' })
    expect(readFileSync(file('firmware/my_model.h'), 'utf8')).toBe(header)
    expect(readFileSync(file('firmware/my-model.c'), 'utf8')).toBe(source)
    expect((await run('export --model model.json --out firmware/my-model.c')).code).toBe(0)
    expect((await run('export --model model.json --to c --prefix net --out firmware/my-model.c')).code).toBe(0)
    expect(readFileSync(file('firmware/my-model.c'), 'utf8')).toContain('#include "net.h"')
    writeFileSync(file('firmware/other.h'), '#define OTHER 1\n')
    const refused = await run('export --model model.json --out firmware/other.c')
    expect(refused.error).toMatch(
      /other\.h exists, and is not a header in C that webgpu-mlp wrote; --force replaces it/,
    )
    expect([refused.code, readdirSync(file('firmware'))]).toEqual([2, ['my-model.c', 'my_model.h', 'net.h', 'other.h']]) // prettier-ignore
  })

  it('lists the formats in its help', async () => {
    const { code, out } = await run('export --help')
    expect(code).toBe(0)
    expect(out).toMatch(/npy +all parameters as one float32 vector/)
  })
})

describe('import', () => {
  it('returns the model that was exported', async () => {
    await run('export --model model.json --out back.safetensors')
    const { code, out, error } = await run('import back.safetensors --out back.json')
    expect([code, out, error]).toEqual([0, '', 'back.json written: 3-4-2, relu · softmax, 26 parameters\n'])
    expectSame(Network.fromJSON(JSON.parse(readFileSync(file('back.json'), 'utf8'))), network)
    expect((await run('import back.json --out again.json')).code).toBe(0)
    expect(readFileSync(file('again.json'))).toEqual(readFileSync(file('back.json')))
  })

  it('accepts the activations for files of other programs', async () => {
    const bytes = asOthersWrite(toSafetensors(network))
    expect(() => fromSafetensors(bytes)).toThrow('activations: the file does not name them')
    writeFileSync(file('other.safetensors'), bytes)
    expect((await run('import other.safetensors --out other.json --activation tanh')).error).toContain('tanh · tanh')
    const { error } = await run('import other.safetensors --out other.json --activation relu,softmax')
    expect(error).toContain('relu · softmax')
    const named = await run('import other.safetensors --out named.json --activation relu,softmax --features a,b,c --classes x,y') // prettier-ignore
    expect(named.code).toBe(0)
    const { features, classes } = JSON.parse(readFileSync(file('named.json'), 'utf8')) as Network
    expect([features, classes]).toEqual([['a', 'b', 'c'], ['x', 'y']]) // prettier-ignore
    const predicted = Network.fromJSON(JSON.parse(readFileSync(file('other.json'), 'utf8')))
    expect(predicted.parameters).toEqual(network.parameters)
  })
})

describe('import of ONNX', () => {
  it('returns the model that was exported, and reads that of another program, whatever it is called', async () => {
    await run('export --model model.json --out to-onnx.onnx')
    const { code, error } = await run('import to-onnx.onnx --out from-onnx.json')
    expect([code, error]).toEqual([0, 'from-onnx.json written: 3-4-2, relu · softmax, 26 parameters\n'])
    expectSame(Network.fromJSON(JSON.parse(readFileSync(file('from-onnx.json'), 'utf8'))), network)
    writeFileSync(file('torch.bin'), Buffer.from(onnxModels.models['PyTorch gelu'].file, 'base64'))
    expect((await run('import torch.bin --classes a,b,c --out torch.json')).error).toContain('4-5-3, gelu · softmax')
    writeFileSync(file('conv.onnx'), Buffer.from(onnxModels.models['PyTorch convolution'].file, 'base64'))
    const refused = await run('import conv.onnx --out new/m.json')
    expect([refused.code, refused.error]).toEqual([2, expect.stringMatching(/^webgpu-mlp: conv\.onnx: onnx: node '\S+' \(Conv\) is no part of an MLP[^\n]*\n$/)]) // prettier-ignore
    expect((await run('import torch.bin --activation relu --out new/m.json')).error).toContain('--activation: torch.bin names them itself') // prettier-ignore
  })
})

describe('bad input: one line on standard error, exit 2, nothing written', () => {
  beforeAll(() => {
    const bytes = toSafetensors(network)
    writeFileSync(file('good.safetensors'), bytes)
    writeFileSync(file('cut.safetensors'), bytes.subarray(0, -1))
    writeFileSync(file('plain.safetensors'), asOthersWrite(bytes))
    writeFileSync(file('archive.pt'), 'PK\x03\x04 and more')
    writeFileSync(file('broken.json'), '{"format": "webgpu-mlp"')
    writeFileSync(file('huge.json'), JSON.stringify({ ...network.toJSON(), targetScaling: { kind: 'normalize', offset: [0, 0], scale: [1, 1e-60] } })) // prettier-ignore
    mkdirSync(file('a-folder.onnx'))
  })

  it.each([
    [
      'export --model model.json --out new/model.bin',
      /--out: unknown format of 'new\/model\.bin', expected a name that ends with .*\.onnx.*--to/,
    ],
    ['export --model model.json --out new/m.onnx --to onx', /--to: unknown name 'onx' \(did you mean 'onnx'\?\)/],
    ['export --model model.json --out new/m.onnx --prefix net', /--prefix: is for --to c, not for onnx/],
    ['export --model model.json --out new/m.c --prefix 1net', /--prefix: expected a C identifier .*, got '1net'/],
    ['export --model model.json --out new/1.c', /prefix: expected a C identifier .*, got '1'/],
    [
      'export --model model.json --out new/m.cpp --to c',
      /--out: .*expected a name that ends with \.c, got 'new\/m\.cpp'/,
    ],
    ['export --model model.json', /required option '--out <file>' not specified/],
    ['export --model nowhere.json --out new/m.onnx', /nowhere\.json: cannot be read/],
    ['export --model broken.json --out new/m.onnx', /broken\.json: not a model file/],
    ['export --model model.json --out a-folder.onnx', /a-folder\.onnx: is a folder/],
    ['export --model huge.json --out new/m.onnx', /targetScaling of output 1 .*is outside of float32/],
    ['import nowhere.safetensors --out new/m.json', /nowhere\.safetensors: cannot be read: there is no such file/],
    ['import cut.safetensors --out new/m.json', /cut\.safetensors: safetensors: cut short: '\d\.\w+' ends at byte/],
    ['import plain.safetensors --out new/m.json', /plain\.safetensors: activations: .*--activation/],
    ['import plain.safetensors --out new/m.json --activation rel', /--activation: unknown name 'rel' \(did you mean/],
    ['import plain.safetensors --out new/m.json --activation relu,relu,relu', /activations: expected 2/],
    ['import good.safetensors --out new/m.json --activation tanh', /activations: the file names others/],
    ['import model.json --out new/m.json --activation relu', /--activation: model\.json names them itself/],
    ['import model.json --out new/m.json --classes a,b', /--classes: model\.json names others: no,yes/],
    ['import plain.safetensors --out new/m.json --activation relu --features a,b', /features: expected 3 names, one a column, got 2/], // prettier-ignore
    ['import broken.json --out new/m.json', /broken\.json: not a model file: it is not JSON/],
    ['import archive.pt --out new/m.json', /archive\.pt: a file of PyTorch .*save_file\(model\.state_dict\(\)/],
    ['import good.safetensors --out a-folder.onnx', /a-folder\.onnx: is a folder/],
    ['import good.safetensors', /required option '--out <file>' not specified/],
    ['import --out new/m.json', /missing required argument 'file'/],
  ])('%s', async (args, message) => {
    const before = readdirSync(folder, { recursive: true })
    const { code, out, error } = await run(args)
    expect(out).toBe('')
    expect(error.trim().split('\n')).toHaveLength(1)
    expect(error).toMatch(/^webgpu-mlp: /)
    expect(error).toMatch(message)
    expect(code).toBe(2)
    expect(readdirSync(folder, { recursive: true })).toEqual(before)
  })
})
