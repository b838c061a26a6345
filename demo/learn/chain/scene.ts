import type { ComponentType } from 'preact'
import type { Light } from './light.ts'
import type { Badge } from './nodes.tsx'
import type { Factor, Graph, Parameter } from './graph.ts'
import type { Layers, Sample, SamplePass } from './network.ts'

/** What a scene shows: the network, one sample of a minibatch, and the chosen parameter. */
export interface SceneProps {
  readonly layers: Layers
  readonly pass: SamplePass
  readonly graph: Graph
  readonly parameter: Parameter
  readonly minibatch: readonly Sample[]
  /** The index of the sample in the minibatch. */
  readonly chosen: number
  readonly light: Light
}

export interface Scene {
  readonly title: string
  /** The label of its button. */
  readonly name: string
  /** The layers whose parameters can be chosen. */
  readonly choices: readonly (1 | 2)[]
  /** What the list of parameters is for: a weight or bias, or only a neuron. */
  readonly wants: 'parameter' | 'neuron' | 'nothing'
  /** The paths that the drawing highlights. */
  readonly paths: (props: SceneProps) => readonly (readonly Factor[])[]
  readonly badges?: (props: SceneProps) => readonly Badge[]
  readonly Body: ComponentType<SceneProps>
}
