import { nearestName } from './nearest.ts'
import { describe } from './text.ts'

/**
 * What other libraries call the names of this one. An alias is never accepted: it only makes the error say which name is
 * meant. A library's own spelling is listed once; case, `_` and `-` are ignored.
 */
export const aliases: Readonly<
  Record<string, Partial<Record<'Keras' | 'PyTorch' | 'scikit-learn' | 'pandas', string>>>
> = {
  // losses
  meanSquaredError: {
    Keras: 'mse mean_squared_error',
    PyTorch: 'MSELoss mse_loss l2_loss',
    'scikit-learn': 'squared_error',
  },
  meanAbsoluteError: {
    Keras: 'mae mean_absolute_error',
    PyTorch: 'L1Loss l1_loss',
    'scikit-learn': 'absolute_error',
  },
  huber: { PyTorch: 'HuberLoss huber_loss SmoothL1Loss smooth_l1_loss' },
  binaryCrossEntropy: {
    Keras: 'bce binary_crossentropy',
    PyTorch: 'BCELoss BCEWithLogitsLoss binary_cross_entropy binary_cross_entropy_with_logits',
  },
  crossEntropy: {
    Keras: 'categorical_crossentropy sparse_categorical_crossentropy',
    PyTorch: 'CrossEntropyLoss cross_entropy NLLLoss nll_loss nll',
    'scikit-learn': 'log_loss',
  },
  // activations
  linear: { 'scikit-learn': 'identity', PyTorch: 'Identity' },
  sigmoid: { 'scikit-learn': 'logistic', PyTorch: 'Sigmoid' },
  leakyRelu: { Keras: 'leaky_relu', PyTorch: 'LeakyReLU' },
  silu: { Keras: 'swish' },
  // initializers
  glorotUniform: { PyTorch: 'xavier_uniform xavier_uniform_', Keras: 'glorot_uniform' },
  glorotNormal: { PyTorch: 'xavier_normal xavier_normal_', Keras: 'glorot_normal' },
  heUniform: { PyTorch: 'kaiming_uniform kaiming_uniform_', Keras: 'he_uniform' },
  heNormal: { PyTorch: 'kaiming_normal kaiming_normal_', Keras: 'he_normal' },
  lecunNormal: { Keras: 'lecun_normal' },
  standardNormal: { PyTorch: 'normal normal_', Keras: 'random_normal' },
  // options of networks and data
  sizes: { Keras: 'units layers', PyTorch: 'in_features out_features', 'scikit-learn': 'hidden_layer_sizes' },
  init: { Keras: 'kernel_initializer initializer' },
  features: { 'scikit-learn': 'feature_names', pandas: 'columns usecols' },
  classes: { 'scikit-learn': 'target_names class_names' },
  weights: { Keras: 'sample_weight sample_weights' },
  samples: { 'scikit-learn': 'n_samples' },
  turns: { 'scikit-learn': 'n_turns' },
  seed: { 'scikit-learn': 'random_state', PyTorch: 'manual_seed' },
  test: { 'scikit-learn': 'test_size' },
  delimiter: { pandas: 'sep' },
  target: { Keras: 'label_name', 'scikit-learn': 'target_column' },
  // options of training
  backend: { PyTorch: 'device' },
  precision: { PyTorch: 'dtype' },
  loss: { PyTorch: 'criterion loss_fn' },
  optimizer: { 'scikit-learn': 'solver' },
  learningRate: { PyTorch: 'lr', Keras: 'learning_rate', 'scikit-learn': 'learning_rate_init eta0' },
  epochs: { Keras: 'nb_epoch', PyTorch: 'n_epochs num_epochs T_max', 'scikit-learn': 'max_iter n_iter' },
  batchSize: { Keras: 'batch_size', PyTorch: 'batch' },
  validation: { Keras: 'validation_data', PyTorch: 'val_data valid_data' },
  classWeights: { Keras: 'class_weight' },
  onEpoch: { Keras: 'callbacks on_epoch_end verbose' },
  earlyStopping: { 'scikit-learn': 'early_stopping' },
  patience: { 'scikit-learn': 'n_iter_no_change' },
  minDelta: { Keras: 'min_delta', 'scikit-learn': 'tol' },
  restoreBest: { Keras: 'restore_best_weights' },
  // options of optimizers and schedules
  weightDecay: { PyTorch: 'weight_decay' },
  l2: { 'scikit-learn': 'alpha' },
  nesterov: { 'scikit-learn': 'nesterovs_momentum' },
  epsilon: { PyTorch: 'eps' },
  betas: { Keras: 'beta_1 beta_2', PyTorch: 'beta' },
  alpha: { Keras: 'rho' },
  clipNorm: { Keras: 'clipnorm global_clipnorm', PyTorch: 'max_norm clip_grad_norm_' },
  learningRateDecay: { PyTorch: 'lr_decay' },
  momentumDecay: { PyTorch: 'momentum_decay' },
  decoupledWeightDecay: { PyTorch: 'decoupled_weight_decay' },
  initialAccumulator: { PyTorch: 'initial_accumulator_value' },
  factor: { PyTorch: 'gamma' },
  every: { PyTorch: 'step_size' },
  minimum: { PyTorch: 'eta_min min_lr' },
  start: { PyTorch: 'start_factor' },
  // metrics
  boundary: { 'scikit-learn': 'threshold' },
  topK: { 'scikit-learn': 'k' },
}

const plain = (name: string) => name.toLowerCase().replace(/[^a-z\d]/g, '')

/** The known name that another library's name means. */
export interface Alias {
  readonly name: string
  /** The library, and its spelling. */
  readonly library: string
  readonly alias: string
}

/** Every meaning of a name in other libraries. */
export function meaningsOf(name: string): Alias[] {
  const wanted = plain(name)
  if (wanted === '' || name.length > LONGEST_ALIAS) return []
  return Object.entries(aliases).flatMap(([own, libraries]) =>
    Object.entries(libraries).flatMap(([library, spellings]) => {
      const alias = spellings.split(' ').find((spelling) => plain(spelling) === wanted)
      return alias === undefined ? [] : [{ name: own, library, alias }]
    }),
  )
}

/** Letters of a name up to which it may be an alias: errors about files are given names of any length. */
const LONGEST_ALIAS = 40

/** The end of a sentence about an unknown name: the known one that was probably meant, if any. */
export function suggest(name: unknown, names: readonly unknown[]): string {
  if (typeof name !== 'string') return ''
  // The list may come from a program without types.
  const known = names.filter((one) => typeof one === 'string')
  const meanings = meaningsOf(name).filter(({ name: own }) => own !== name && known.includes(own))
  // The known name in other letters is no other library's name, unless it is exactly that library's spelling.
  const isSame = known.some((own) => plain(own) === plain(name))
  const meant = meanings.find(({ alias }) => alias === name) ?? (isSame ? undefined : meanings[0])
  if (meant) return ` (did you mean ${describe(meant.name)} (${meant.library}: ${describe(meant.alias)})?)`
  return suggestNearest(name, known)
}

/** The same by spelling alone, for names that a user has chosen, such as those of columns. */
export function suggestNearest(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : ` (did you mean ${describe(near)}?)`
}
