import { cpuSchema } from './backend/host/backend.ts'
import { wasmSchema } from './backend/host/wasm/backend.ts'
import { webgpuSchema } from './backend/webgpu/options.ts'
import { csvColumnsSchema } from './data/columns.ts'
import { parseCsvInputsSchema } from './data/csv-inputs.ts'
import { parseCsvSchema } from './data/csv.ts'
import { datasetSchema } from './data/dataset.ts'
import { digitsSchema } from './data/digits.ts'
import { circleSchema, linearSchema, moonsSchema, spiralsSchema, xorSchema } from './data/generators.ts'
import { datasetFromIdxSchema, parseIdxSchema } from './data/idx.ts'
import { shuffleSchema, splitSchema } from './data/split.ts'
import { dataStreamSchema } from './data/stream.ts'
import { datasetFromNpySchema, datasetFromNpzSchema, npyInputsSchema } from './formats/npy-data.ts'
import { parseNpzSchema } from './formats/npz.ts'
import { toCSchema } from './formats/c/c.ts'
import { fromOnnxSchema } from './formats/from-onnx.ts'
import { toPyTorchSchema } from './formats/pytorch/pytorch.ts'
import { fromSafetensorsSchema } from './formats/safetensors.ts'
import { networkSchema } from './model/network.ts'
import { neuronSchema } from './model/neuron.ts'
import { optimizers } from './optimizer/optimizer.ts'
import { scheduleSchemas } from './optimizer/schedule.ts'
import {
  classificationReportSchema,
  confusionMatrixSchema,
  predictedClassesSchema,
  multilabelReportSchema,
  rocAucSchema,
  topKAccuracySchema,
} from './training/metric-options.ts'
import {
  checkpointSchema,
  epochsSchema,
  fitOnceSchema,
  fitSchema,
  stepsSchema,
  trainerSchema,
} from './training/options.ts'
import { crossValidateSchema } from './training/cross-validate.ts'
import { evaluateEnsembleSchema } from './training/evaluate-ensemble.ts'
import { resumeSchema } from './training/checkpoint.ts'
import { earlyStoppingSchema } from './training/stopping.ts'
import { liveSweepSchema } from './training/sweep/live.ts'
import { sweepCheckpointSchema } from './training/sweep/checkpoint/checkpoint.ts'
import { sweepSchema } from './training/sweep/options.ts'
import { verifySchema } from './training/verify.ts'

/**
 * The options of every function that takes some: for each option its check, its default, the names to choose from, and the
 * flag of the command line with its help. Forms and command lines can be made from them.
 * @example
 * const { batchSize, loss } = optionSchemas['Trainer.create'].fields
 * console.log(batchSize.default, loss.names)
 * const size = batchSize.check('batch size', 64) // 64
 */
export const optionSchemas = {
  'Network.create': networkSchema,
  Neuron: neuronSchema,
  'Dataset.from': datasetSchema,
  'DataStream.from': dataStreamSchema,
  split: splitSchema,
  shuffle: shuffleSchema,
  circle: circleSchema,
  linear: linearSchema,
  xor: xorSchema,
  moons: moonsSchema,
  spirals: spiralsSchema,
  digits: digitsSchema,
  parseCsv: parseCsvSchema,
  parseCsvInputs: parseCsvInputsSchema,
  csvColumns: csvColumnsSchema,
  parseIdx: parseIdxSchema,
  datasetFromIdx: datasetFromIdxSchema,
  datasetFromNpy: datasetFromNpySchema,
  parseNpz: parseNpzSchema,
  datasetFromNpz: datasetFromNpzSchema,
  inputsFromNpy: npyInputsSchema,
  fromSafetensors: fromSafetensorsSchema,
  fromOnnx: fromOnnxSchema,
  toC: toCSchema,
  toPyTorch: toPyTorchSchema,
  'Trainer.create': trainerSchema,
  'trainer.fit': fitSchema,
  'trainer.epochs': epochsSchema,
  'trainer.steps': stepsSchema,
  'trainer.resume': resumeSchema,
  fit: fitOnceSchema,
  crossValidate: crossValidateSchema,
  sweep: sweepSchema,
  liveSweep: liveSweepSchema,
  evaluateEnsemble: evaluateEnsembleSchema,
  'sweep.checkpoint': sweepCheckpointSchema,
  earlyStopping: earlyStoppingSchema,
  checkpoint: checkpointSchema,
  verify: verifySchema,
  cpu: cpuSchema,
  webgpu: webgpuSchema,
  wasm: wasmSchema,
  confusionMatrix: confusionMatrixSchema,
  predictedClasses: predictedClassesSchema,
  multilabelReport: multilabelReportSchema,
  rocAuc: rocAucSchema,
  topKAccuracy: topKAccuracySchema,
  classificationReport: classificationReportSchema,
  sgd: optimizers.sgd.schema,
  rmsprop: optimizers.rmsprop.schema,
  adagrad: optimizers.adagrad.schema,
  adam: optimizers.adam.schema,
  adamw: optimizers.adamw.schema,
  nadam: optimizers.nadam.schema,
  ...scheduleSchemas,
} as const
