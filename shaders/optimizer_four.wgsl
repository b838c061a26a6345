// Library: optimizer.wgsl for a pack of four parameters.
alias Values = vec4f;
alias Flags = vec4<bool>;
