// Library: optimizer.wgsl for one parameter.
alias Values = f32;
alias Flags = bool;
