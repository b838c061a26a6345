import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { resolve, dirname } from 'node:path'
const cases = {
  predict: `import { Network } from './src/index.ts'; const n = Network.fromJSON(globalThis.json); console.log(n.predict([[1,2]]), n.classify([[1,2]]))`,
  cpu: `import { Network, Trainer, Dataset, cpu } from './src/index.ts'; const t = await Trainer.create(Network.create({sizes:[2,3,2]}), {backend: cpu()}); await t.fit(new Dataset([[1,2]],[[1,2]]), {epochs: 3})`,
  webgpu: `import { Network, Trainer, Dataset, webgpu } from './src/index.ts'; const t = await Trainer.create(Network.create({sizes:[2,3,2]}), {backend: webgpu()}); await t.fit(new Dataset([[1,2]],[[1,2]]), {epochs: 3})`,
  circle: `import { circle } from './src/index.ts'; console.log(circle({samples: 10}))`,
  all: `import * as all from './src/index.ts'; console.log(all)`,
}
const raw = { name: 'raw', setup(b) {
  if (process.env.NODYN) b.onResolve({ filter: /.*/ }, (a) => a.kind === 'dynamic-import' ? { path: a.path, external: true } : undefined)

  b.onResolve({ filter: /\?(raw|script-text|inline|url)/ }, (a) => ({ path: resolve(a.resolveDir, a.path.split('?')[0]), namespace: 'raw' }))
  b.onLoad({ filter: /.*/, namespace: 'raw' }, (a) => ({ contents: readFileSync(a.path), loader: 'text' }))
} }
for (const [name, text] of Object.entries(cases)) {
  if (process.argv[2] && process.argv[2] !== name) continue
  const r = await build({ stdin: { contents: text, resolveDir: process.cwd(), loader: 'ts' }, plugins: [raw], bundle: true, minify: true, format: 'esm', write: false, metafile: true, legalComments: 'none', external: ['node:*'], splitting: true, outdir: '/tmp/size/out', target: 'es2022', loader: {'.wgsl': 'text'} })
  console.log(name, JSON.stringify(r.outputFiles.map((f) => [f.path.split('/').pop(), f.contents.length, gzipSync(f.contents, {level: 9}).length])))
  if (process.argv[2]) for (const [n, o] of Object.entries(r.metafile.outputs)) { console.log('---', n, o.bytes); console.log(Object.entries(o.inputs).map(([k,v])=>[v.bytesInOutput,k]).sort((a,b)=>b[0]-a[0]).filter(x=>x[0]>0).map(x=>x.join(' ')).join('\n')) }
}
