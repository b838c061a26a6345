/** 64 bits, in hexadecimal, that identify a text: two FNV-1a sums. It finds changes, not forgeries. */
export function hashText(text: string): string {
  let [one, other] = [0x811c9dc5, 0x050c5d1f]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    one = Math.imul(one ^ code, 0x01000193)
    other = Math.imul(other ^ code, 0x85ebca6b) ^ (other >>> 13)
  }
  return [one, other].map((sum) => (sum >>> 0).toString(16).padStart(8, '0')).join('')
}
