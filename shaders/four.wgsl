// provides: numbers
// Library: the formulas of activations, losses and optimizers for the four values of a pack at once.
alias Values = vec4f;
alias Flags = vec4<bool>;
alias Bits = vec4u;
alias SignedBits = vec4i;
