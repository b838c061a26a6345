// needs: layer, products
// Z = A W^T + b and A' = f(Z) of one layer, for a minibatch (for softmax, softmax.wgsl computes A').
// CPU: forward in src/backend/host/reference/stages.ts.

fn run(group: vec3u, invocation: u32) {
  product(group, invocation);
}
