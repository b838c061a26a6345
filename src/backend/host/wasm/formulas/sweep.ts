import { type I32 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import type { Body, Local } from '../assembler/function.ts'

/**
 * Writes the loop over float32 in memory, four at a time and what is left one at a time. Each value is computed in the same
 * way in both, so that the results do not depend on how a range is divided.
 * @param bases addresses of the arrays; they are read once
 * @param first, end the elements that are visited, [first, end)
 * @param visit computes `lanes` elements, 4 or 1, at the given addresses
 */
export function sweep<const B extends readonly I32[]>(
  body: Body,
  bases: B,
  first: I32,
  end: I32,
  visit: (lanes: 1 | 4, places: { readonly [K in keyof B]: Local<'i32'> }) => void,
): void {
  const places = bases.map((base) => body.keep(i32.add(base, i32.shl(first, int(2)))))
  const rest = body.keep(i32.sub(end, first))
  for (const lanes of [4, 1] as const) {
    body.while(
      () => i32.geS(rest, int(lanes)),
      () => {
        visit(lanes, places as unknown as { readonly [K in keyof B]: Local<'i32'> })
        for (const place of places) body.increase(place, 4 * lanes)
        body.increase(rest, -lanes)
      },
    )
  }
}
