// provides: numbers
// Library: the formulas of activations, losses and optimizers for one value.
alias Values = f32;
alias Flags = bool;
alias Bits = u32;
alias SignedBits = i32;
