import { train } from './server.js'

const results = []
for (const backend of ['cpu', 'wasm', 'webgpu']) results.push(await train(backend))
console.log(JSON.stringify(results))
