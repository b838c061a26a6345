import type { Backend } from '../backend.ts'
import { cpu } from './backend.ts'
import type { HostRecipe } from './recipe.ts'
import { wasm } from './wasm/backend.ts'

/** Opens the backend of a recipe. */
export const openRecipe = (recipe: HostRecipe): Backend =>
  recipe.name === 'cpu' ? cpu({ precision: recipe.precision }) : wasm({ threads: recipe.threads })
