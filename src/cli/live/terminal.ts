/** What of a stream says whether it is a terminal, and how large. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

type Environment = Readonly<Record<string, string | undefined>>

/** The smallest terminal on which curves are shown. */
const LEAST_COLUMNS = 80
const LEAST_ROWS = 20

/** Whether lines can be rewritten: a terminal with a cursor that moves, and no log of a build. */
export function canRewrite({ isTTY }: Screen, { TERM, CI }: Environment): boolean {
  return isTTY === true && TERM !== 'dumb' && (CI === undefined || CI === '' || CI === 'false' || CI === '0')
}

/** Whether it is large enough for curves. */
export function hasRoom({ columns = 0, rows = 0 }: Screen): boolean {
  return columns >= LEAST_COLUMNS && rows >= LEAST_ROWS
}

/** Whether it shows braille: not the Linux console, not where another encoding is named, on Windows the newer ones. */
export function showsBraille(environment: Environment, platform: string = process.platform): boolean {
  const { TERM, WT_SESSION, TERM_PROGRAM, LC_ALL, LC_CTYPE, LANG } = environment
  if (platform === 'win32') return Boolean(WT_SESSION) || TERM_PROGRAM === 'vscode'
  const locale = [LC_ALL, LC_CTYPE, LANG].find(Boolean)
  return TERM !== 'linux' && (locale === undefined || /utf-?8/i.test(locale))
}

/** Whether colours may be used (no-color.org). */
export function wantsColours({ NO_COLOR }: Environment): boolean {
  return NO_COLOR === undefined || NO_COLOR === ''
}
