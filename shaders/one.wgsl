// Library: activation.wgsl, loss.wgsl and optimizer.wgsl for one value.
alias Values = f32;
alias Flags = bool;
alias Bits = u32;
