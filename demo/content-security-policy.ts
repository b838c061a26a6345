/** What the page may load and run; everything that is not named is forbidden, as are scripts and styles within HTML. */
const directives = {
  'default-src': "'none'",
  // Compiling WebAssembly, as the backend 'wasm' does, but no JavaScript from text.
  'script-src': "'self' 'wasm-unsafe-eval'",
  'style-src': "'self'",
  // The icon is in the address of its link.
  'img-src': "'self' data:",
  'font-src': "'self'",
  // The threads of the backend 'wasm' start from blobs.
  'worker-src': "'self' blob:",
  'base-uri': "'none'",
  'form-action': "'none'",
}

/**
 * The Content-Security-Policy of the page, as the build writes it into index.html. A server may send it as a header with all
 * files of the page; then it applies to the workers, too.
 */
export const contentSecurityPolicy = Object.entries(directives)
  .map((directive) => directive.join(' '))
  .join('; ')
