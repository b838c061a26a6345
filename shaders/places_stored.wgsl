// uses: dispatch, orders
// provides: places
// Library: an order that is shuffled where it is stored.
fn fill_places(start: u32, lane: u32) {
  for (var i = 0u; i < dispatch.samples; i++) { orders[start + i * dispatch.order_step] = i; }
}

fn exchange_places(start: u32, lane: u32, last: u32, chosen: u32) {
  let at = start + chosen * dispatch.order_step;
  let to = start + last * dispatch.order_step;
  let row = orders[at];
  orders[at] = orders[to];
  orders[to] = row;
}

fn finish_places(start: u32, lane: u32) {}
