// needs: numbers
// Library: NaN by its bits. WGSL lets implementations assume that there are no NaNs: x != x may be folded to false, and
// min, max and clamp may return the other operand. Tests of the bits cannot be folded, so everything that must keep a
// NaN uses these functions. Values and Bits are vec4f and vec4u, or f32 and u32 (four.wgsl, one.wgsl).

// the bits of infinity; those of a NaN's magnitude are above them, those of a finite number's below
const INFINITE = 0x7f800000u;

fn magnitude_bits(value: Values) -> Bits {
  return bitcast<Bits>(value) & Bits(0x7fffffffu);
}

// A comparison of signed numbers: processors have none of vectors of unsigned ones.
fn is_nan(value: Values) -> Flags {
  return bitcast<SignedBits>(magnitude_bits(value)) > SignedBits(i32(INFINITE));
}

// x where it is NaN, else the value
fn unless_nan(value: Values, x: Values) -> Values {
  return select(value, x, is_nan(x));
}

// Marks a parameter that is infinite or NaN, in place of a number of correct predictions; below any sum of those.
// readback.ts reads it.
const BROKEN = -3e38;
