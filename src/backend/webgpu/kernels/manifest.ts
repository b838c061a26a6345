// Written by `node shaders/manifest.js`. A test checks that it lists every file of shaders/.
import activationElu from '../../../../shaders/activation/elu.wgsl?raw'
import activationGelu from '../../../../shaders/activation/gelu.wgsl?raw'
import activationLeakyRelu from '../../../../shaders/activation/leakyRelu.wgsl?raw'
import activationLinear from '../../../../shaders/activation/linear.wgsl?raw'
import activationMish from '../../../../shaders/activation/mish.wgsl?raw'
import activationRelu from '../../../../shaders/activation/relu.wgsl?raw'
import activationSigmoid from '../../../../shaders/activation/sigmoid.wgsl?raw'
import activationSilu from '../../../../shaders/activation/silu.wgsl?raw'
import activationSoftplus from '../../../../shaders/activation/softplus.wgsl?raw'
import activationTanh from '../../../../shaders/activation/tanh.wgsl?raw'
import belowDelta from '../../../../shaders/below_delta.wgsl?raw'
import belowNone from '../../../../shaders/below_none.wgsl?raw'
import bits from '../../../../shaders/bits.wgsl?raw'
import clipped from '../../../../shaders/clipped.wgsl?raw'
import deltaRow from '../../../../shaders/delta_row.wgsl?raw'
import dispatch from '../../../../shaders/dispatch.wgsl?raw'
import dropout from '../../../../shaders/dropout.wgsl?raw'
import exponential from '../../../../shaders/exponential.wgsl?raw'
import finite from '../../../../shaders/finite.wgsl?raw'
import forward from '../../../../shaders/forward.wgsl?raw'
import four from '../../../../shaders/four.wgsl?raw'
import gather from '../../../../shaders/gather.wgsl?raw'
import gradient from '../../../../shaders/gradient.wgsl?raw'
import gradientHold from '../../../../shaders/gradient_hold.wgsl?raw'
import gradientKeep from '../../../../shaders/gradient_keep.wgsl?raw'
import hiddenDelta from '../../../../shaders/hidden_delta.wgsl?raw'
import hyperparameters from '../../../../shaders/hyperparameters.wgsl?raw'
import hyperparametersEach from '../../../../shaders/hyperparameters_each.wgsl?raw'
import hyperparametersNone from '../../../../shaders/hyperparameters_none.wgsl?raw'
import initial from '../../../../shaders/initial.wgsl?raw'
import inputsByte from '../../../../shaders/inputs_byte.wgsl?raw'
import inputsFloat from '../../../../shaders/inputs_float.wgsl?raw'
import inversePowerBounded from '../../../../shaders/inverse_power_bounded.wgsl?raw'
import inversePowerPlain from '../../../../shaders/inverse_power_plain.wgsl?raw'
import layer from '../../../../shaders/layer.wgsl?raw'
import lossBinaryCrossEntropy from '../../../../shaders/loss/binaryCrossEntropy.wgsl?raw'
import lossCrossEntropy from '../../../../shaders/loss/crossEntropy.wgsl?raw'
import lossHuber from '../../../../shaders/loss/huber.wgsl?raw'
import lossMeanAbsoluteError from '../../../../shaders/loss/meanAbsoluteError.wgsl?raw'
import lossMeanSquaredError from '../../../../shaders/loss/meanSquaredError.wgsl?raw'
import lossQuadratic from '../../../../shaders/loss/quadratic.wgsl?raw'
import norm from '../../../../shaders/norm.wgsl?raw'
import one from '../../../../shaders/one.wgsl?raw'
import optimizer from '../../../../shaders/optimizer.wgsl?raw'
import optimizerAdagrad from '../../../../shaders/optimizer/adagrad.wgsl?raw'
import optimizerAdam from '../../../../shaders/optimizer/adam.wgsl?raw'
import optimizerAdamw from '../../../../shaders/optimizer/adamw.wgsl?raw'
import optimizerNadam from '../../../../shaders/optimizer/nadam.wgsl?raw'
import optimizerRmsprop from '../../../../shaders/optimizer/rmsprop.wgsl?raw'
import optimizerSgd from '../../../../shaders/optimizer/sgd.wgsl?raw'
import orders from '../../../../shaders/orders.wgsl?raw'
import output from '../../../../shaders/output.wgsl?raw'
import outputDelta from '../../../../shaders/output_delta.wgsl?raw'
import penalty from '../../../../shaders/penalty.wgsl?raw'
import placesShared from '../../../../shaders/places_shared.wgsl?raw'
import placesStored from '../../../../shaders/places_stored.wgsl?raw'
import product from '../../../../shaders/product.wgsl?raw'
import productBlock from '../../../../shaders/product_block.wgsl?raw'
import productFew from '../../../../shaders/product_few.wgsl?raw'
import random from '../../../../shaders/random.wgsl?raw'
import resident from '../../../../shaders/resident.wgsl?raw'
import rowAlone from '../../../../shaders/row_alone.wgsl?raw'
import rowShared from '../../../../shaders/row_shared.wgsl?raw'
import rowsStored from '../../../../shaders/rows_stored.wgsl?raw'
import slicesBlock from '../../../../shaders/slices_block.wgsl?raw'
import slicesMany from '../../../../shaders/slices_many.wgsl?raw'
import slicesOne from '../../../../shaders/slices_one.wgsl?raw'
import softmax from '../../../../shaders/softmax.wgsl?raw'
import softmaxRow from '../../../../shaders/softmax_row.wgsl?raw'
import step from '../../../../shaders/step.wgsl?raw'
import update from '../../../../shaders/update.wgsl?raw'
import updateNone from '../../../../shaders/update_none.wgsl?raw'
import valuesPlain from '../../../../shaders/values_plain.wgsl?raw'
import valuesQuad from '../../../../shaders/values_quad.wgsl?raw'

/** The text of every shader, under its path in shaders/ without the extension. */
export const shaderTexts = {
  'activation/elu': activationElu,
  'activation/gelu': activationGelu,
  'activation/leakyRelu': activationLeakyRelu,
  'activation/linear': activationLinear,
  'activation/mish': activationMish,
  'activation/relu': activationRelu,
  'activation/sigmoid': activationSigmoid,
  'activation/silu': activationSilu,
  'activation/softplus': activationSoftplus,
  'activation/tanh': activationTanh,
  below_delta: belowDelta,
  below_none: belowNone,
  bits,
  clipped,
  delta_row: deltaRow,
  dispatch,
  dropout,
  exponential,
  finite,
  forward,
  four,
  gather,
  gradient,
  gradient_hold: gradientHold,
  gradient_keep: gradientKeep,
  hidden_delta: hiddenDelta,
  hyperparameters,
  hyperparameters_each: hyperparametersEach,
  hyperparameters_none: hyperparametersNone,
  initial,
  inputs_byte: inputsByte,
  inputs_float: inputsFloat,
  inverse_power_bounded: inversePowerBounded,
  inverse_power_plain: inversePowerPlain,
  layer,
  'loss/binaryCrossEntropy': lossBinaryCrossEntropy,
  'loss/crossEntropy': lossCrossEntropy,
  'loss/huber': lossHuber,
  'loss/meanAbsoluteError': lossMeanAbsoluteError,
  'loss/meanSquaredError': lossMeanSquaredError,
  'loss/quadratic': lossQuadratic,
  norm,
  one,
  optimizer,
  'optimizer/adagrad': optimizerAdagrad,
  'optimizer/adam': optimizerAdam,
  'optimizer/adamw': optimizerAdamw,
  'optimizer/nadam': optimizerNadam,
  'optimizer/rmsprop': optimizerRmsprop,
  'optimizer/sgd': optimizerSgd,
  orders,
  output,
  output_delta: outputDelta,
  penalty,
  places_shared: placesShared,
  places_stored: placesStored,
  product,
  product_block: productBlock,
  product_few: productFew,
  random,
  resident,
  row_alone: rowAlone,
  row_shared: rowShared,
  rows_stored: rowsStored,
  slices_block: slicesBlock,
  slices_many: slicesMany,
  slices_one: slicesOne,
  softmax,
  softmax_row: softmaxRow,
  step,
  update,
  update_none: updateNone,
  values_plain: valuesPlain,
  values_quad: valuesQuad,
} as const

export type ShaderName = keyof typeof shaderTexts
