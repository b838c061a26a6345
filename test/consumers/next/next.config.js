const { STANDALONE, TRACED } = process.env

export default {
  // The library finds Dawn in node_modules, not in the server's bundle.
  serverExternalPackages: ['webgpu-mlp', 'webgpu'],
  ...(STANDALONE && { output: 'standalone' }),
  // Next finds the files of the library by itself, but not those of Dawn, whose name is hidden from bundlers.
  ...(TRACED && { outputFileTracingIncludes: { '/*': [TRACED] } }),
}
