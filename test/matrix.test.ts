import { describe, expect, it } from 'vitest'
import { Matrix, type MatrixLike } from '../src/core/matrix.ts'
import { InputError } from '../src/core/errors.ts'

const from = (value: unknown) => () => Matrix.from(value as MatrixLike, 'x')

describe('Matrix', () => {
  it('copies rows into row-major float32', () => {
    const matrix = Matrix.from([[1, 2, 3], [4, 5, 0.1]]) // prettier-ignore
    expect([matrix.rows, matrix.cols]).toEqual([2, 3])
    expect([...matrix.data]).toEqual([1, 2, 3, 4, 5, Math.fround(0.1)])
    expect(matrix.get(1, 0)).toBe(4)
    expect(matrix.toArray()).toEqual([[1, 2, 3], [4, 5, Math.fround(0.1)]]) // prettier-ignore
  })

  it('accepts typed rows, row-major values with their shape, and a matrix as it is', () => {
    expect(Matrix.from([Float64Array.of(1, 2)] as unknown as MatrixLike).toArray()).toEqual([[1, 2]])
    expect(Matrix.from({ rows: 2, cols: 1, data: [7, 8] }).toArray()).toEqual([[7], [8]])
    const matrix = new Matrix(1, 2, Float32Array.of(1, 2))
    expect(Matrix.from(matrix)).toBe(matrix)
    expect([...new Matrix(2, 2).data]).toEqual([0, 0, 0, 0])
  })

  it('returns rows as views and selects rows as copies', () => {
    const matrix = Matrix.from([[1, 2], [3, 4], [5, 6]]) // prettier-ignore
    const copy = matrix.take([2, 0, 2])
    matrix.row(2)[0] = 9
    expect(matrix.get(2, 0)).toBe(9)
    expect(copy.toArray()).toEqual([[5, 6], [1, 2], [5, 6]]) // prettier-ignore
  })

  it.each([
    [[], 'x: expected at least one row, got none'],
    [[[]], 'x: expected at least one row and one column, got 1 × 0'],
    [[[1, 2], [3]], 'x: row 1 has 1 values where row 0 has 2'],
    [[[1, 2], null], 'x: row 1 is null, expected a row of numbers'],
    [[null], 'x: expected an array of rows, got an array of null'],
    [[1, 2], 'x: expected an array of rows, got an array of 1; write [[1, 2]] for a single row'],
    [[{}], 'x: expected an array of rows, got an array of an object'],
    [[[1, NaN]], 'x: row 0, column 1 is NaN; every value must be a finite number (in float32)'],
    [[[1], [1e39]], 'x: row 1, column 0 is Infinity; every value must be a finite number (in float32)'],
    [[[1, '2']], "x: row 0, column 1 is '2', expected a number"],
    [[[1, undefined]], 'x: row 0, column 1 is undefined, expected a number'],
    [undefined, 'x: expected a matrix or an array of rows, got undefined'],
    ['no', "x: expected a matrix or an array of rows, got 'no'"],
    [{ rows: 2, cols: 2, data: [1] }, 'x: expected 2 × 2 = 4 values, got 1'],
    [{ rows: 1.5, cols: 2, data: [1, 2, 3] }, /^x: expected rows and cols to be whole numbers .* got 1.5 × 2$/],
    [{ rows: -1, cols: -1, data: [1] }, /^x: expected rows and cols to be whole numbers .* got -1 × -1$/],
    [{ rows: 1, cols: 1, data: [null] }, 'x: value 0 is null, expected a number'],
    [{ rows: 1, cols: 1, data: ['1'] }, "x: value 0 is '1', expected a number"],
    [{ rows: 1, cols: 1, data: undefined }, 'x: expected a list of numbers, got undefined'],
  ])('refuses %j', (value, message) => {
    expect(from(value)).toThrow(InputError)
    expect(from(value)).toThrow(message instanceof RegExp ? message : new InputError(message))
  })

  it('refuses big integers', () => {
    const value = { rows: 1, cols: 1, data: BigInt64Array.of(1n) }
    expect(from(value)).toThrow(new InputError('x: expected a list of numbers, got a BigInt64Array'))
  })

  it('refuses a shape that does not match its values', () => {
    expect(() => new Matrix(2, 2, new Float32Array(3))).toThrow(
      new InputError('matrix: expected 2 × 2 = 4 values, got 3'),
    )
    expect(() => new Matrix(0.5, 2, new Float32Array(1))).toThrow(InputError)
    expect(() => new Matrix(2 ** 20, 2 ** 20)).toThrow(InputError)
  })

  it('refuses rows and columns that do not exist', () => {
    const matrix = new Matrix(2, 3)
    expect(() => matrix.get(0, 3)).toThrow(new InputError('column: expected a whole number from 0 to 2, got 3'))
    expect(() => matrix.get(2, 0)).toThrow(new InputError('row: expected a whole number from 0 to 1, got 2'))
    expect(() => matrix.row(-1)).toThrow(InputError)
    expect(() => matrix.take([0, 2])).toThrow(InputError)
    expect(() => matrix.take([0.5])).toThrow(InputError)
  })
})
