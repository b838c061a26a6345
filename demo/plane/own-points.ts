import { signal } from '@preact/signals'
import { settings } from '../state.ts'

/** Whether the user can add points to the data. */
export const canAdd = () => !['file', 'digits', 'hills'].includes(settings.value.problem)

/** Whether a click adds a point of the second class. */
export const addsSecondClass = signal(false)
