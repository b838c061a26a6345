/// <reference lib="esnext.disposable" preserve="true" />
export type { Backend } from './backend/backend.ts'
export { cpu, type CPUOptions, type Precision } from './backend/host/backend.ts'
export { wasm, type WasmOptions } from './backend/host/wasm/backend.ts'
export { webgpu } from './backend/webgpu/backend.ts'
export type { WebGPUOptions } from './backend/webgpu/options.ts'
export type { WebGPUDevice } from './backend/webgpu/own-device.ts'
export { balancedWeights, oneHot } from './data/classes.ts'
export { Dataset, type ClassWeights, type DatasetNames, type DatasetOptions, type Targets } from './data/dataset.ts'
export { shuffle, split, type ShuffleOptions, type SplitOptions } from './data/split.ts'
export { csvColumns, type CsvColumn } from './data/columns.ts'
export { parseCsvInputs } from './data/csv-inputs.ts'
export { parseCsv, type CsvInputsOptions, type CsvOptions, type CsvTextOptions } from './data/csv.ts'
export {
  circle,
  digits,
  gate,
  linear,
  moons,
  spirals,
  xor,
  type CircleOptions,
  type DigitsOptions,
  type GateName,
  type GeneratorOptions,
  type SpiralsOptions,
} from './data/generators.ts'
export { DataStream, type DataStreamOptions } from './data/stream.ts'
export { optionSchemas } from './option-schemas.ts'
export type { Checked, Fields, Option, Schema } from './core/schema.ts'
export type { UnpackOptions } from './data/gunzip.ts'
export { datasetFromIdx, parseIdx, type IdxArray, type IdxDatasetOptions } from './data/idx.ts'
export { Matrix, type MatrixLike } from './core/matrix.ts'
export { normalize, scale, scaleTargets, standardize, standardizeTargets } from './data/preprocessing.ts'
export {
  BackendUnavailableError,
  checkName,
  DeviceLostError,
  DivergedError,
  escapeControls,
  GPUValidationError,
  InputError,
  OutOfMemoryError,
  type Divergence,
} from './core/errors.ts'
export type { Autopsy, BadValue, DivergenceCause, Fix, StepLosses } from './core/autopsy.ts'
export { fromOnnx, type OnnxOptions } from './formats/from-onnx.ts'
export { toC, type CFiles, type COptions } from './formats/c/c.ts'
export { toJavaScript } from './formats/javascript.ts'
export { parseNpy, toNpy, type NpyArray, type NpyNumbers, type NpyValues } from './formats/npy.ts'
export {
  datasetFromNpy,
  datasetFromNpz,
  inputsFromNpy,
  type NpyDatasetOptions,
  type NpzDatasetOptions,
} from './formats/npy-data.ts'
export { parseNpz } from './formats/npz.ts'
export { type OnnxInput, onnxInputs, toOnnx } from './formats/onnx.ts'
export { toPyTorch, type PyTorchFiles, type PyTorchOptions } from './formats/pytorch/pytorch.ts'
export { fromSafetensors, toSafetensors, type SafetensorsOptions } from './formats/safetensors.ts'
export { activationNames, type ActivationName } from './model/activation.ts'
export { initializerNames, type InitializerName } from './model/initializer.ts'
export type { NetworkJSON } from './model/json.ts'
export { Network, type NetworkOptions, type NetworkParameters } from './model/network.ts'
export {
  Ensemble,
  type EnsembleClassPrediction,
  type EnsembleJSON,
  type EnsembleMember,
  type SpreadPrediction,
} from './model/ensemble.ts'
export { Neuron, type NeuronOptions } from './model/neuron.ts'
export { type EncodedColumn, Encoding, type MissingPolicy } from './model/encoding.ts'
export type { Task } from './model/description.ts'
export type { ClassPrediction } from './model/predict.ts'
export type { CellValue, PredictRows } from './model/rows.ts'
export { Scaling } from './model/scaling.ts'
export { lossNames, type LossName } from './loss/loss.ts'
export {
  classificationReport,
  ClassificationTally,
  confusionMatrix,
  predictedClasses,
  rocAuc,
  topKAccuracy,
  type ClassificationReport,
} from './training/metrics.ts'
export {
  precisionRecallF1,
  type ClassScore,
  type ClassScores,
  type PrecisionRecallF1,
} from './training/class-scores.ts'
export type { MetricOptions } from './training/metric-options.ts'
export {
  adagrad,
  adam,
  adamw,
  nadam,
  optimizerNames,
  rmsprop,
  sgd,
  type Optimizer,
  type OptimizerName,
} from './optimizer/optimizer.ts'
export type { AdagradOptions } from './optimizer/adagrad.ts'
export type { AdamOptions } from './optimizer/adam.ts'
export type { NadamOptions } from './optimizer/nadam.ts'
export type { RmspropOptions } from './optimizer/rmsprop.ts'
export type { SgdOptions } from './optimizer/sgd.ts'
export { backendNames, type BackendName } from './training/backends.ts'
export { multilabelReport, MultilabelTally, type MultilabelReport } from './training/multilabel.ts'
export {
  adviseAfter,
  adviseBefore,
  adviseDiverged,
  type AdviceSettings,
  type DivergedRun,
  type EndedRun,
} from './training/advice/advice.ts'
export type { Remedies } from './training/advice/remedies.ts'
export { describeAutopsy } from './training/autopsy/words.ts'
export { regressionReport, RegressionTally, type RegressionReport } from './training/regression.ts'
export type { Evaluation, Score, TargetScore } from './training/score.ts'
export type { Profile, ProfileEntry, ProfilePart } from './backend/profiler.ts'
export {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
  type CheckpointOptions,
  type Resumed,
  type ResumeOptions,
} from './training/checkpoint.ts'
export type { Change, ChangeableOption } from './training/changeable.ts'
export {
  constant,
  cosine,
  exponential,
  reduceOnPlateau,
  step,
  warmup,
  type CosineScheduleOptions,
  type ExponentialScheduleOptions,
  type LearningRate,
  type PlateauOptions,
  type Schedule,
  type StepScheduleOptions,
  type WarmupOptions,
} from './optimizer/schedule.ts'
export type { EarlyStopping } from './training/stopping.ts'
export {
  crossValidate,
  type CrossValidation,
  type CrossValidationOptions,
  type Fold,
} from './training/cross-validate.ts'
export { sweep, type Sweep } from './training/sweep/sweep.ts'
export { liveSweep, type LiveNetwork, type LiveSweep, type LiveSweepOptions } from './training/sweep/live.ts'
export type { LiveScore } from './training/sweep/live-group.ts'
export type { SweepSettings } from './training/sweep/settings.ts'
export type { Halving, RandomSearch, SweepFolds, SweepOptions, SweepShard } from './training/sweep/options.ts'
export type { FoldScore, SweepFault, SweepResult, SweepRound } from './training/sweep/results.ts'
export type { SweepCheckpoint, SweepCheckpointOptions } from './training/sweep/checkpoint/checkpoint.ts'
export { decodeSweepCheckpoint, encodeSweepCheckpoint } from './training/sweep/checkpoint/bytes.ts'
export { mergeSweepCheckpoints } from './training/sweep/checkpoint/merge.ts'
export { logspace, type OneOrMore, type SweepRange } from './training/sweep/values.ts'
export { evaluateEnsemble, type EvaluateEnsembleOptions } from './training/evaluate-ensemble.ts'
export { fit } from './training/fit.ts'
export { LoadedData, type TrainingData } from './training/loaded.ts'
export type { Epoch, History, Outcome, ValidatedEpoch } from './training/history.ts'
export type {
  EpochsOptions,
  FitOptions,
  Step,
  TrainerOptions,
  ValidatedEpochsOptions,
  ValidatedFitOptions,
} from './training/options.ts'
export type { LossChoice, Recovery } from './training/recovery/choices.ts'
export type { SharedRecovery } from './training/recovery/shared-replacement.ts'
export { Trainer } from './training/trainer.ts'
export { decisionBoundary, requiredActivation, taskOf } from './training/task.ts'
export { verify, type LayerCheck, type StageCheck, type Verification, type VerifyOptions } from './training/verify.ts'
export type { Gradients } from './training/gradients.ts'
export type { Snapshot, Arithmetic } from './backend/placement.ts'
export type { AnyFields } from './core/schema.ts'
export type { RawRows } from './core/raw-rows.ts'
export type { IdxType } from './data/idx.ts'
export type { ImportedNames } from './formats/imported-names.ts'
export type { ShapedValues } from './formats/npy.ts'
export type { ElementwiseName } from './model/activation.ts'
export type { Description, ScalingJSON } from './model/description.ts'
export type { EncodedValues } from './model/json.ts'
export type { Layer } from './model/layout.ts'
export type { NadamHyperparameters } from './optimizer/nadam.ts'
export type { Hyperparameters, Named } from './optimizer/rule.ts'
export type { PlateauRule, PlateauState } from './optimizer/schedule.ts'
export type { AtOnce, AtOnceOption } from './training/options.ts'
export type { StoppingState } from './training/stopping.ts'
