import { version } from '../../../package.json'
import { InputError } from '../../core/errors.ts'
import { type LossName, losses } from '../../loss/loss.ts'
import type { ActivationName } from '../../model/activation.ts'
import type { Network } from '../../model/network.ts'
import type { Optimizer, OptimizerName } from '../../optimizer/optimizer.ts'
import type { PlateauRule, PlateauState } from '../../optimizer/schedule.ts'
import template from './train.py?raw'

/** PyTorch's module of each activation. */
const modules: Record<ActivationName, string> = {
  linear: 'nn.Identity()',
  sigmoid: 'nn.Sigmoid()',
  tanh: 'nn.Tanh()',
  relu: 'nn.ReLU()',
  leakyRelu: 'nn.LeakyReLU(0.01)',
  elu: 'nn.ELU()',
  gelu: 'nn.GELU()',
  silu: 'nn.SiLU()',
  softplus: 'nn.Softplus(threshold=100)',
  mish: 'nn.Mish()',
  softmax: 'nn.Softmax(dim=1)',
}

/** The loss of each sample from a, the outputs, and y; of the two that need an output activation, from z. */
const lossLines: Record<LossName, string> = {
  quadratic: 'return 0.5 * ((a - y) ** 2).sum(dim=1)',
  meanSquaredError: 'return ((a - y) ** 2).mean(dim=1)',
  meanAbsoluteError: 'return (a - y).abs().mean(dim=1)',
  huber: 'return functional.huber_loss(a, y, reduction="none").mean(dim=1)',
  binaryCrossEntropy: 'return functional.binary_cross_entropy_with_logits(z, y, reduction="none").sum(dim=1)',
  crossEntropy: 'return -(y * functional.log_softmax(z, dim=1)).sum(dim=1)',
}

/** The optimizer's class in torch.optim, with its arguments apart from the parameters and the learning rate. */
const optimizerCalls: Record<
  OptimizerName,
  (optimizer: Optimizer) => [name: string, options: Record<string, unknown>]
> = {
  sgd: ({ momentum, nesterov, weightDecay }) => ['SGD', { momentum, nesterov, weight_decay: weightDecay }],
  rmsprop: ({ decay2, epsilon, weightDecay, momentum, centered }) => [
    'RMSprop',
    { alpha: decay2, eps: epsilon, weight_decay: weightDecay, momentum, centered },
  ],
  adagrad: ({ learningRateDecay, weightDecay, initialAccumulator, epsilon }) => [
    'Adagrad',
    {
      lr_decay: learningRateDecay,
      weight_decay: weightDecay,
      initial_accumulator_value: initialAccumulator,
      eps: epsilon,
    },
  ],
  adam: (optimizer) => ['Adam', adamOptions(optimizer)],
  adamw: (optimizer) => ['AdamW', adamOptions(optimizer)],
  // Versions of PyTorch before 2.1 have no decoupled decay for it, so the program applies it.
  nadam: (optimizer) => [
    'NAdam',
    {
      ...adamOptions(optimizer),
      ...(optimizer.decoupledWeightDecay && { weight_decay: 0 }),
      momentum_decay: momentumDecayOf(optimizer),
    },
  ],
}

const adamOptions = ({ decay1, decay2, epsilon, weightDecay }: Optimizer) => ({
  betas: [decay1, decay2],
  eps: epsilon,
  weight_decay: weightDecay,
})

const momentumDecayOf = (optimizer: Optimizer) => (optimizer as Optimizer & { momentumDecay: number }).momentumDecay

/** The names that torch.optim has for the slots of an optimizer's state, in their order. */
export function slotNames({ name, momentum, centered }: Optimizer): string[] {
  const names: Record<OptimizerName, string[]> = {
    sgd: momentum > 0 ? ['momentum_buffer'] : [],
    rmsprop: ['square_avg', ...(momentum > 0 ? ['momentum_buffer'] : []), ...(centered ? ['grad_avg'] : [])],
    adagrad: ['sum'],
    adam: ['exp_avg', 'exp_avg_sq'],
    adamw: ['exp_avg', 'exp_avg_sq'],
    nadam: ['exp_avg', 'exp_avg_sq'],
  }
  return names[name]
}

/** What the program is made from, checked. */
export interface ProgramSettings {
  readonly loss: LossName
  readonly optimizer: Optimizer
  readonly batchSize: number
  readonly seed: number
  readonly l1: number
  readonly l2: number
  readonly dropout: readonly number[]
  readonly shuffle: boolean
  /** To train by default. */
  readonly epochs: number
  /** Trained so far. */
  readonly epoch: number
  readonly step: number
  /** Of the epochs that follow, one after another; later epochs have the last of them. */
  readonly rates: readonly number[]
  readonly plateau: { readonly rule: PlateauRule; readonly state: PlateauState } | undefined
  readonly hasState: boolean
  readonly hasWeights: boolean
}

/** The text of train.py. */
export function writeProgram({ sizes, activations }: Network, settings: ProgramSettings): string {
  const { loss, optimizer, l1, l2, dropout, plateau, hasState } = settings
  const isNadam = optimizer.name === 'nadam'
  const decoupled = isNadam && optimizer.decoupledWeightDecay
  const conditions: Record<string, boolean> = {
    dropout: dropout.some((share) => share > 0),
    output: losses[loss].requires === undefined,
    functional: lossLines[loss].includes('functional.'),
    state: hasState,
    nadam: isNadam,
    shuffle: settings.shuffle,
    plateau: plateau !== undefined,
    weights: settings.hasWeights,
    penalty: l1 > 0 || l2 > 0,
    clip: optimizer.clipNorm > 0,
    decoupled,
  }
  const constants: Record<string, string | undefined> = {
    SIZES: python(sizes),
    HIDDEN: `[${activations.slice(0, -1).map((name) => modules[name]).join(', ')}]`, // prettier-ignore
    OUTPUT: conditions.output ? modules[activations.at(-1)!] : undefined,
    DROPOUT: conditions.dropout ? python(dropout) : undefined,
    BATCH: python(settings.batchSize),
    SEED: conditions.shuffle ? python(settings.seed) : undefined,
    EPOCHS: python(settings.epochs),
    EPOCH: python(settings.epoch),
    STEP: python(settings.step),
    RATES: python(settings.rates),
    SLOTS: hasState ? python(slotNames(optimizer)) : undefined,
    MU_PRODUCT: hasState && isNadam ? python(productOf(optimizer, settings.step)) : undefined,
    PLATEAU: plateau && python({ ...plateau.rule }),
    PLATEAU_STATE: plateau && stateOf(plateau.state),
    L1: conditions.penalty ? python(l1) : undefined,
    L2: conditions.penalty ? python(l2) : undefined,
    CLIP_NORM: conditions.clip ? python(optimizer.clipNorm) : undefined,
    WEIGHT_DECAY: decoupled ? python(optimizer.weightDecay) : undefined,
  }
  const [name, options] = optimizerCalls[optimizer.name](optimizer)
  const given = Object.entries(options).map(([key, value]) => `, ${key}=${python(value)}`)
  const lines = keepLines(template.slice(template.indexOf('"""')).split('\n'), conditions)
  const text = lines.join('\n')
  const block = Object.entries(constants).flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}`]))
  return [`# Written by webgpu-mlp ${version}.`, text]
    .join('\n')
    .replace('# settings\n# end of settings', () => block.join('\n'))
    .replace('# loss', () => lossLines[loss])
    .replace('# optimizer', () => `optimizer = torch.optim.${name}(model.parameters(), lr=RATES[0]${given.join('')})`)
}

/** Without the blocks whose condition does not hold. */
function keepLines(lines: readonly string[], conditions: Readonly<Record<string, boolean>>): string[] {
  const open: boolean[] = []
  return lines.filter((line) => {
    const [, word, name = ''] = /^ *# (if|else|end if)(?: (\w+))?$/.exec(line) ?? []
    if (word === 'if') {
      if (conditions[name] === undefined) throw new InputError(`train.py: unknown condition ${name}`)
      open.push(conditions[name])
    } else if (word === 'else') open.push(!open.pop()!)
    else if (word === 'end if') open.pop()
    return word === undefined && open.every(Boolean)
  })
}

/** A value of JSON as Python writes it. */
function python(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${python(one)}`).join(', ')}}` // prettier-ignore
}

const stateOf = ({ best, bad, cooldown, scale }: PlateauState) =>
  `(${best === Infinity ? 'float("inf")' : python(best)}, ${bad}, ${cooldown}, ${python(scale)})`

/** μ₁ μ₂ … μₜ of NAdam. */
function productOf(optimizer: Optimizer, t: number): number {
  let product = 1
  for (let k = 1; k <= t && product > 1e-38; k++) {
    product *= optimizer.decay1 * (1 - 0.5 * 0.96 ** (k * momentumDecayOf(optimizer)))
  }
  return product > 1e-38 ? product : 0
}
