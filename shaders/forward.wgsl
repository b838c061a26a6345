// Z = A W^T + b and A' = f(Z) of one layer, for a minibatch (for softmax, softmax.wgsl makes A' of it).
// CPU: forward in src/backend/host/reference/stages.ts. Libraries: step, activation, layer (whose bindings these are), product, and
// values and inputs in the variant that the adapter and the data take.

fn run(group: vec3u, invocation: u32) {
  product(group, invocation);
}
