/** Commands of this program for a shell, as the command line and the page show them. */

/** A character that a terminal obeys, also where it is pasted: Ctrl-C, line breaks, marks that change the direction of writing. */
const control = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

const escapeControl = (character: string): string => {
  const code = character.charCodeAt(0)
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** A word of a command line for a POSIX shell, which takes it as it is; control characters need bash, zsh or ksh. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (!control.test(word)) return `'${word.replaceAll("'", String.raw`'\''`)}'`
  return `$'${word.replace(/[\\']/g, String.raw`\$&`).replace(new RegExp(control, 'gu'), escapeControl)}'`
}

/** A command of this program as a line for a shell. */
export const commandLine = (words: readonly string[]): string => ['webgpu-mlp', ...words.map(shellWord)].join(' ')
