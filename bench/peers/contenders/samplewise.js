// For libraries without minibatches: a step is one sample in the proof, and batchSize samples in the timed rounds.

/**
 * Creates a Peer for a library that trains on one sample at a time. The proof compares its losses with batches of one
 * sample. The timed rounds count batchSize samples as one step, which is the same arithmetic, and compute no loss, which
 * favours the peer. The learning rate is divided by batchSize, so that a step changes the parameters about as much as a
 * minibatch.
 * @param {{ version: string, loss: string, workload: import('./protocol.js').Workload,
 *   train: (sample: number, learningRate: number) => void, lossBefore: (sample: number) => number, proofRate?: number,
 *   remark?: string }} library lossBefore is called after train and returns the loss before the update
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
      // The first order is that of the proof; each later one is an epoch of the timed rounds.
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

/** Converts row-major values to one array per sample. */
export function samplesOf(values, width) {
  return Array.from({ length: values.length / width }, (_, i) =>
    Array.from(values.subarray(i * width, (i + 1) * width)),
  )
}
