/** Comment lines that the linker of kernels reads (src/backend/webgpu/kernels/link.ts). */
const header = /^\/\/ (needs|provides|enables): /

/**
 * A shader's text without comments, indentation and empty lines, as it is shipped. Line breaks and the spaces within a line
 * stay, because `>=` and `> =` differ.
 * @param {string} text WGSL, which has no block comments and no strings
 */
export function compactShader(text) {
  const lines = text.split('\n')
  const code = lines.map((line) => (header.test(line) ? line : line.replace(/\/\/.*$/, '').trim()))
  return code.filter((line) => line !== '').join('\n')
}

/**
 * A plugin of Vite that compacts the shaders of a build. Tests run them as they are written.
 * @returns {import('vite').Plugin}
 */
export function compactShaders() {
  return {
    name: 'compact-shaders',
    enforce: 'post',
    transform: {
      filter: { id: /\.wgsl\?raw$/ },
      handler(module) {
        const text = /^export default (".*");?\s*$/s.exec(module)?.[1]
        if (text === undefined) this.error('a shader is not the text that was expected')
        return { code: `export default ${JSON.stringify(compactShader(JSON.parse(text)))}`, map: null }
      },
    },
  }
}
