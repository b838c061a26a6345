import { useCallback, useEffect, useRef, useState } from 'react'
import type { Dataset, Epoch, Network, TrainerOptions } from 'webgpu-mlp'
import { connect, type Remote, type RemoteFitOptions } from 'webgpu-mlp/worker'

/** What a component shows of a training. */
export interface TrainingState {
  readonly status: 'idle' | 'training' | 'done' | 'stopped' | 'failed'
  /** The last epoch, with its loss and scores. */
  readonly epoch?: Epoch
  /** What the network is trained on: a GPU, or the CPU. */
  readonly backend?: string
  /** Why the training failed. Messages of InputError and DivergedError are written for people. */
  readonly error?: Error
}

export interface Training extends TrainingState {
  /** Trains a network in a worker; its parameters are the trained ones when the promise resolves, also after `stop`. */
  start(
    network: Network,
    train: Dataset,
    options?: TrainerOptions,
    fit?: Omit<RemoteFitOptions, 'signal'>,
  ): Promise<void>
  /** Ends the training after the running epoch. */
  stop(): void
}

/** One training at a time, in a worker that ends with the component. */
export function useTraining(): Training {
  const [state, setState] = useState<TrainingState>({ status: 'idle' })
  const remote = useRef<Remote>(undefined)
  const controller = useRef<AbortController>(undefined)

  // Where React mounts a component twice (StrictMode), the second mount finds no worker, and `start` makes a new one.
  useEffect(
    () => () => {
      controller.current?.abort()
      controller.current = undefined
      remote.current?.terminate()
      remote.current = undefined
    },
    [],
  )

  const stop = useCallback(() => controller.current?.abort(), [])

  const start = useCallback<Training['start']>(async (network, train, options = {}, fit = {}) => {
    if (controller.current) throw new Error('a training is running: stop it first')
    const own = new AbortController()
    controller.current = own
    /** A component that was removed shows nothing any more. */
    const show = (next: TrainingState) => {
      if (controller.current === own) setState(next)
    }
    let shown: TrainingState = { status: 'training' }
    let frame = 0
    // Small networks train thousands of epochs a second: the component is drawn once a frame.
    const onEpoch = async (epoch: Epoch) => {
      shown = { ...shown, epoch }
      frame ||= requestAnimationFrame(() => {
        frame = 0
        show(shown)
      })
      await fit.onEpoch?.(epoch)
    }
    show(shown)
    try {
      remote.current ??= connect(new Worker(new URL('./training-worker.ts', import.meta.url), { type: 'module' }))
      const trainer = await remote.current.Trainer.create(network, options)
      shown = { ...shown, backend: trainer.backend.description }
      try {
        await trainer.fit(train, { ...fit, onEpoch, signal: own.signal })
        shown = { ...shown, status: 'done' }
      } catch (error) {
        if (!own.signal.aborted) throw error
        shown = { ...shown, status: 'stopped' }
      }
      await trainer.read() // copies the parameters into `network`
      await trainer.dispose()
    } catch (error) {
      shown = { ...shown, status: 'failed', error: error as Error }
    }
    cancelAnimationFrame(frame)
    show(shown)
    if (controller.current === own) controller.current = undefined
  }, [])

  return { ...state, start, stop }
}
