/** What the page uses of gifenc, which has no declarations. */
declare module 'gifenc' {
  type Palette = number[][]
  interface Encoder {
    /** The first frame needs a palette; the others use it too. `delay` is in milliseconds. */
    writeFrame(index: Uint8Array, width: number, height: number, options: { palette?: Palette; delay?: number }): void
    finish(): void
    bytes(): Uint8Array<ArrayBuffer>
  }
  export function GIFEncoder(): Encoder
  /** Reduces the colours of RGBA pixels. */
  export function quantize(pixels: Uint8ClampedArray, maxColors: number): Palette
  /** The index of the nearest colour of each RGBA pixel. */
  export function applyPalette(pixels: Uint8ClampedArray, palette: Palette): Uint8Array
}
