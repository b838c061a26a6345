import { InputError } from './errors.ts'

/** What this library's own calls of a private constructor pass; TypeScript hides the constructor, JavaScript does not. */
export const KEY = Symbol('private constructor')

/** @throws InputError where a program calls a private constructor. @param instead how objects of the class are made */
export function checkConstructor(key: unknown, className: string, instead: string): void {
  if (key === KEY) return
  throw new InputError(`${className}: the constructor is private; ${instead} makes one`)
}
