export default {
  // The library finds Dawn in node_modules, not in the server's bundle.
  serverExternalPackages: ['webgpu-mlp', 'webgpu'],
}
