/** Shaders are plain .wgsl files, taken into the bundle as text by Vite. */
declare module '*.wgsl?raw' {
  const source: string
  export default source
}

declare module '*?raw' {
  const text: string
  export default text
}
