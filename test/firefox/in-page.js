// Functions that run in a page in Firefox. Each gets the address of the library; what it returns must be JSON.

/** Whether there is a WebGPU adapter. */
export async function findAdapter() {
  return Boolean(await navigator.gpu?.requestAdapter())
}

/** Whether each stage of several networks agrees with float64, with the stages that do not. */
export async function verifyNetworks(url) {
  const { adam, circle, moons, Network, sgd, verify, Dataset, Matrix } = await import(url)
  const random = (rows, columns, offset) =>
    new Matrix(
      rows,
      columns,
      Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(12.9 * i + offset)),
    )
  const wide = Dataset.from(random(33, 31, 1), random(33, 4, 2))
  const cases = [
    [
      Network.create({ sizes: [2, 3, 2], seed: 1 }),
      circle({ samples: 40, seed: 1 }),
      { optimizer: sgd(), batchSize: 10 },
    ],
    [
      Network.create({ sizes: [2, 17, 16, 2], hidden: 'relu', output: 'softmax', seed: 2 }),
      moons({ samples: 40, seed: 1 }),
      { loss: 'crossEntropy', optimizer: adam(), batchSize: 33 },
    ],
    [
      Network.create({ sizes: [31, 65, 4], hidden: 'tanh', output: 'linear', seed: 3 }),
      wide,
      { loss: 'meanSquaredError', optimizer: sgd({ momentum: 0.9 }), batchSize: 33 },
    ],
  ]
  const results = []
  for (const [network, data, options] of cases) {
    const { layers } = await verify(network, data, { backend: 'webgpu', ...options })
    const stages = layers.flatMap(({ layer, ...stages }) =>
      Object.entries(stages).map(([stage, { error, bound }]) => ({ layer, stage, error, bound })),
    )
    const wrong = stages.filter(({ error, bound }) => !(error <= bound))
    results.push({ sizes: network.sizes, stages: stages.length, wrong })
  }
  return results
}

/** Ten losses in a row of each plan and form, on WebGPU and in float64, and the description of the backend. */
export async function trainPlans(url) {
  const { adam, circle, cpu, Network, sgd, Trainer, webgpu } = await import(url)
  const data = circle({ samples: 60, seed: 1 })
  const cases = {
    straight: { sizes: [2, 3, 2], plan: 'auto', optimizer: sgd({ learningRate: 1 }) },
    loop: { sizes: [2, 12, 9, 2], plan: 'resident', optimizer: adam({ learningRate: 0.01 }) },
    layered: { sizes: [2, 12, 9, 2], plan: 'layered', optimizer: adam({ learningRate: 0.01 }) },
  }
  const train = async ({ sizes, optimizer }, backend) => {
    const network = Network.create({ sizes, hidden: 'tanh', output: 'sigmoid', seed: 1 })
    const trainer = await Trainer.create(network, { backend, optimizer, loss: 'quadratic', batchSize: 20, seed: 1 })
    const { epochs } = await trainer.fit(data, { epochs: 10 })
    const { parameters } = await trainer.read()
    const { description } = trainer.backend
    trainer.dispose()
    return { losses: epochs.map(({ loss }) => loss), parameters: [...parameters], description }
  }
  const results = {}
  for (const [name, options] of Object.entries(cases)) {
    results[name] = {
      webgpu: await train(options, webgpu({ plan: options.plan })),
      reference: await train(options, cpu({ precision: 'float64' })),
    }
  }
  return results
}
