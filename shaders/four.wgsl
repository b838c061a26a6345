// Library: activation.wgsl, loss.wgsl and optimizer.wgsl for the four values of a pack at once.
alias Values = vec4f;
alias Flags = vec4<bool>;
alias Bits = vec4u;
