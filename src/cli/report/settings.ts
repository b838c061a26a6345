import { namedRows } from './html.ts'
import type { RunRecord } from './record.ts'

/** The sections of a report with the options of the run and where it ran. */
export const settingsSections = ({ settings, environment, fingerprint }: RunRecord): string[] => [
  `<section><h2>Settings</h2><table class="settings">${namedRows(settings)}</table></section>`,
  `<section><h2>Environment</h2><table class="settings">${namedRows([
    ...environment,
    ['parameters’ fingerprint', fingerprint],
  ])}</table></section>`,
]
