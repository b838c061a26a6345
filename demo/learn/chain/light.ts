/** What the equations and the drawing show together: the factor that the user points at, and how to change it. */
export interface Light {
  readonly lit: string | undefined
  readonly light: (id: string | undefined) => void
}

/** Pointing at an element or moving the focus to it highlights the factor in drawing and equations. */
export const pointing = (id: string, { light }: Light) => ({
  onPointerEnter: () => {
    light(id)
  },
  onPointerLeave: () => {
    light(undefined)
  },
  onFocus: () => {
    light(id)
  },
  onBlur: () => {
    light(undefined)
  },
})
