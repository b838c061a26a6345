// For libraries that know no minibatches: a step is one sample in the proof, batchSize samples on the clock.

/**
 * A Peer out of a library's way to train one sample at a rate. Its losses can only be held against ours with batches of
 * 1, which it says; the clock counts batchSize samples as one step, which is the same arithmetic, and computes no loss,
 * which speaks for the peer. The rate is divided by batchSize, so that so many samples move about as far as one minibatch.
 * @param {{ version: string, loss: string, workload: import('./protocol.js').Workload,
 *   train: (sample: number, learningRate: number) => void, lossBefore: (sample: number) => number, proofRate?: number,
 *   remark?: string }} library lossBefore is asked after train, for the loss of the outputs that the update began with
 */
export function samplewise({ version, loss, workload, train, lossBefore, proofRate, remark }) {
  const { batchSize } = workload
  const learningRate = workload.learningRate / batchSize
  let order
  let proven = false
  return {
    version,
    notes: { trained: { loss, batchSize: 1, learningRate: proofRate ?? learningRate }, remark },
    load(next) {
      // The first order that is loaded is the proof's; each later one is an epoch of the timed run.
      proven = order !== undefined
      order = next
    },
    step(i) {
      if (proven) {
        for (let s = i * batchSize; s < (i + 1) * batchSize; s++) train(order[s], learningRate)
        return 0
      }
      train(order[i], proofRate ?? learningRate)
      return lossBefore(order[i])
    },
    read: (value) => value,
  }
}

/** Plain arrays a sample, which such libraries take. */
export function samplesOf(values, width) {
  return Array.from({ length: values.length / width }, (_, i) =>
    Array.from(values.subarray(i * width, (i + 1) * width)),
  )
}
