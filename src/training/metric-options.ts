import { type Fields, integer, number, optional, withDefault } from '../core/schema.ts'

/** The options of every measure of classes. */
export interface MetricOptions {
  /** Where one output changes from the first class to the second. Default 0.5 (give 0 for tanh). */
  boundary?: number | undefined
}

const metricFields = { boundary: withDefault(number(), 0.5) } satisfies Fields<MetricOptions>

/** The largest value follows from the number of classes. */
const rank = integer()

export const confusionMatrixSchema = { name: 'confusionMatrix', fields: metricFields }
export const predictedClassesSchema = { name: 'predictedClasses', fields: metricFields }
export const multilabelReportSchema = { name: 'multilabelReport', fields: metricFields }
export const rocAucSchema = { name: 'rocAuc', fields: metricFields }
export const topKAccuracySchema = { name: 'topKAccuracy', fields: { ...metricFields, k: withDefault(rank, 2) } }
export const classificationReportSchema = {
  name: 'classificationReport',
  fields: {
    ...metricFields,
    topK: optional(rank, {
      flag: '--top-k <count>',
      help: 'also count as correct what is among this many largest outputs (default: 2)',
    }),
  },
}
