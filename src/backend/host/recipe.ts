import type { Backend } from '../backend.ts'
import type { Precision } from './values.ts'

/** How another thread opens a backend that gives the same bits: plain data, which can be sent to it. */
export type HostRecipe =
  | { readonly name: 'cpu'; readonly precision: Precision }
  /** `threads`: how many were requested; the bits do not depend on it. */
  | { readonly name: 'wasm'; readonly threads: number | undefined }

/**
 * Keys are objects: a backend that a program derives from one of these, with other functions, has no recipe, and computes in
 * the thread where it is.
 */
const recipes = new WeakMap<Backend, HostRecipe>()

/** The recipe of a backend of the host; undefined for one on a device, and for one that a program made. */
export const recipeOf = (backend: Backend): HostRecipe | undefined => recipes.get(backend)

/** Keeps the recipe of a backend. @returns the backend */
export function withRecipe(backend: Backend, recipe: HostRecipe): Backend {
  recipes.set(backend, recipe)
  return backend
}
