import { f64, i32, int } from '../assembler/scalars.ts'
import { f64x2, i32x4, ints, v128 } from '../assembler/vectors.ts'
import { type V128 } from '../assembler/expression.ts'
import type { Body, Callable, Local } from '../assembler/function.ts'
import type { ModuleWriter } from '../assembler/module.ts'

/**
 * `(epoch, samples, order)`: writes the orders in which four networks visit the samples in an epoch to memory, a vector for
 * each place. They are those of `epochOrder` (src/data/minibatch.ts), which the generator of src/core/random.ts makes.
 */
export type Orders = Callable<readonly ['i32', 'i32', 'i32'], undefined>

/** How many numbers a generator leaves out when it begins. */
const LEFT_OUT = 15
/** Adding 1.5 · 2⁵² to a small float64 rounds it to an integer, which the lowest bits of the sum then hold. */
const ROUNDING = 1.5 * 2 ** 52

/** The generators of four networks. */
class Generators {
  readonly bits: Local<'v128'>
  readonly #body: Body
  readonly #state: readonly [a: Local<'v128'>, b: Local<'v128'>, c: Local<'v128'>, counter: Local<'v128'>]

  constructor(body: Body, first: readonly [V128, V128, V128]) {
    this.#body = body
    const [a, b, c] = first
    this.bits = body.local('v128')
    this.#state = [body.keep(a), body.keep(b), body.keep(c), body.keep(ints(1))]
  }

  /** Sets `bits` to the next number of each. */
  next(): void {
    const body = this.#body
    const [a, b, c, counter] = this.#state
    body.set(this.bits, i32x4.add(i32x4.add(a, b), counter))
    body.set(counter, i32x4.add(counter, ints(1)))
    body.set(a, v128.xor(b, i32x4.shrU(b, int(9))))
    body.set(b, i32x4.add(c, i32x4.shl(c, int(3))))
    body.set(c, i32x4.add(v128.or(i32x4.shl(c, int(21)), i32x4.shrU(c, int(11))), this.bits))
  }

  /** The same for some of them. @param chosen ones in their lanes */
  nextOf(chosen: Local<'v128'>): void {
    const body = this.#body
    const values = [this.bits, ...this.#state]
    const before = values.map((value) => body.keep(value))
    this.next()
    values.forEach((value, i) => body.set(value, v128.select(value, before[i]!, chosen)))
  }
}

/** @param words the address of the first words of the generators: three vectors */
export function defineOrders(module: ModuleWriter, words: number): Orders {
  return module.procedure(undefined, ['i32', 'i32', 'i32'], (body, [epoch, samples, order]) => {
    const [a, b, c] = [0, 16, 32].map((offset) => v128.load(int(words), offset)) as [V128, V128, V128]
    const generators = new Generators(body, [a, v128.xor(b, i32x4.splat(epoch)), c])
    const place = body.local('i32')
    body.for(place, int(0), int(LEFT_OUT), 1, () => generators.next())
    const address = (index: Local<'i32'>) => i32.add(order, i32.shl(index, int(4)))
    body.for(place, int(0), samples, 1, () => body.do(v128.store(address(place), i32x4.splat(place))))
    body.set(place, i32.sub(samples, int(1)))
    body.while(
      () => i32.gtS(place, int(0)),
      () => {
        const count = body.keep(i32.add(place, int(1)))
        generators.next()
        rejectLast(body, generators, count)
        const other = body.keep(remainders(body, generators.bits, count))
        const row = body.keep(v128.load(address(place)))
        const taken = body.keep(row)
        for (let lane = 0; lane < 4; lane++) {
          const own = body.keep(i32.add(address(body.keep(i32x4.lane(other, lane))), int(4 * lane)))
          body.set(taken, v128.load32Lane(own, taken, lane))
          body.do(v128.store32Lane(own, row, lane))
        }
        body.do(v128.store(address(place), taken))
        body.increase(place, -1)
      },
    )
  })
}

/** Draws again where a number is among the last ones, which would make small remainders more frequent. */
function rejectLast(body: Body, generators: Generators, count: Local<'i32'>): void {
  const areLast = (bits: V128, first: V128) => i32x4.geU(bits, first)
  const negative = i32.sub(int(0), count)
  body.if(v128.anyTrue(areLast(generators.bits, i32x4.splat(negative))), () => {
    // 2³² mod count; there is nothing to reject where it is 0.
    const rest = body.keep(i32.remU(negative, count))
    body.if(rest, () => {
      const first = body.keep(i32x4.splat(i32.sub(int(0), rest)))
      const rejected = body.keep(areLast(generators.bits, first))
      body.while(
        () => v128.anyTrue(rejected),
        () => {
          generators.nextOf(rejected)
          body.set(rejected, v128.and(rejected, areLast(generators.bits, first)))
        },
      )
    })
  })
}

/**
 * The remainders of four unsigned integers: x − count · round((x + (1 − count)/2) / count). The quotient in the brackets is
 * at least ½/count away from the middle between two integers, so its rounding error changes nothing.
 */
function remainders(body: Body, numbers: Local<'v128'>, count: Local<'i32'>): V128 {
  const shift = body.keep(f64x2.splat(f64.mul(f64.constant(0.5), f64.fromI32(i32.sub(int(1), count)))))
  const inverse = body.keep(f64x2.splat(f64.div(f64.constant(1), f64.fromI32(count))))
  const rounding = f64x2.splat(f64.constant(ROUNDING))
  const quotients = (two: V128) =>
    body.keep(f64x2.add(f64x2.mul(f64x2.add(f64x2.fromU32x4(two), shift), inverse), rounding))
  const low = quotients(numbers)
  const high = quotients(v128.shuffle(numbers, numbers, [2, 3, 2, 3]))
  return i32x4.sub(numbers, i32x4.mul(v128.shuffle(low, high, [0, 2, 4, 6]), i32x4.splat(count)))
}
