/** Shaders are plain .wgsl files, taken into the bundle as text by Vite. */
declare module '*.wgsl?raw' {
  const source: string
  export default source
}

declare module '*?raw' {
  const text: string
  export default text
}

/** A program of a worker thread with everything that it imports, as text: script-text.js makes it. */
declare module '*?thread' {
  const text: string
  export default text
}

/** A script of a page with everything that it imports, as text: script-text.js makes it. */
declare module '*?page' {
  const text: string
  export default text
}
