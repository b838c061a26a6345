// uses: dispatch, orders, WIDTH, WORDS
// provides: places
// Library: an order of at most 65,536 rows that is shuffled in workgroup memory, two rows in each word. Memory is written
// only once for each place, at neighbouring addresses if those of neighbouring networks are; no access has to wait for another
// invocation's, because each uses its own bank.
var<workgroup> rows: array<u32, WORDS * WIDTH>;

fn fill_places(start: u32, lane: u32) {
  for (var word = 0u; 2u * word < dispatch.samples; word++) {
    rows[word * WIDTH + lane] = (2u * word) | ((2u * word + 1u) << 16u);
  }
}

fn row_of(place: u32, lane: u32) -> u32 {
  return (rows[(place >> 1u) * WIDTH + lane] >> ((place & 1u) << 4u)) & 0xffffu;
}

// The last place is not read again.
fn exchange_places(start: u32, lane: u32, last: u32, chosen: u32) {
  let word = (chosen >> 1u) * WIDTH + lane;
  let shift = (chosen & 1u) << 4u;
  orders[start + last * dispatch.order_step] = row_of(chosen, lane);
  rows[word] = (rows[word] & ~(0xffffu << shift)) | (row_of(last, lane) << shift);
}

fn finish_places(start: u32, lane: u32) {
  orders[start] = row_of(0u, lane);
}
