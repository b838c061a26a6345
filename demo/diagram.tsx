import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Card } from './diagram-card.tsx'
import { type Edge, edgeAt } from './diagram-edges.ts'
import { type DiagramLayout, layOutDiagram, MAX_INPUTS } from './diagram-layout.ts'
import { useSpace } from './diagram-space.ts'
import { Edges } from './edges.tsx'
import { edited, focused, hovered, inspect } from './inspected.ts'
import { LayerButtons } from './layer-buttons.tsx'
import { Neuron } from './neuron.tsx'
import type { ShownData } from './protocol.ts'
import { data, settings } from './state.ts'
import { Term } from './terms/term.tsx'
import './network.css'

/** How near the pointer must be to a line. */
const REACH = { mouse: 7, touch: 16 }

/** The network: each neuron shows its values over the plane; width and dashes of the lines show the weights. */
export function Diagram() {
  const shown = data.value?.shown
  const { hidden, features } = settings.value
  const { element, space } = useSpace(`${data.value?.description.sizes.join() ?? ''} ${features.join()}`)
  const sizes = shown && [
    shown.picture ? shown.picture.side ** 2 : shown.inputs.length,
    ...hidden,
    shown.outputs.length,
  ]
  const shape = sizes?.join('-')
  useEffect(() => {
    // What was inspected may not exist in the new network.
    hovered.value = focused.value = edited.value = undefined
  }, [shape])
  const layout = useMemo(
    () =>
      space && space.width > 0 && shown && sizes
        ? layOutDiagram({ ...space, sizes, picture: shown.picture !== undefined, names: shown.outputs })
        : undefined,
    [space, shape, shown?.outputs],
  )
  return (
    <div class="diagram">
      <div class="diagram-space" ref={element} style={layout && { height: `${layout.height}px` }}>
        {layout && shown && <Neurons layout={layout} shown={shown} />}
      </div>
      <Legend />
      <Card />
    </div>
  )
}

/** The step in layer and index of each arrow key. */
const arrows: Readonly<Record<string, readonly [layer: number, index: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

function Neurons({ layout, shown }: { layout: DiagramLayout; shown: ShownData }) {
  const edges = useRef<readonly Edge[]>([])
  const [[layer, index], setFocus] = useState<readonly [layer: number, index: number]>([1, 0])
  const { places, sizes } = layout
  const hasRoom = hasRoomBelowInputs(layout)
  // After a change of layers, the neuron with the focus may no longer exist.
  const focus = [Math.min(layer, sizes.length - 1), places[layer]?.[index] ? index : 0] as const
  const edgeUnder = (event: PointerEvent | MouseEvent, reach: number) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    return edgeAt(edges.current, event.clientX - box.left, event.clientY - box.top, reach)
  }
  const isNeuron = ({ target }: Event) => (target as HTMLElement).closest('.neuron, button') !== null
  const move = (event: KeyboardEvent) => {
    const [l, i] = focus
    if ((event.key === 'Enter' || event.key === ' ') && l > 0) {
      event.preventDefault()
      edited.value = { layer: l, index: i }
      return
    }
    const step = arrows[event.key]
    if (!step) return
    event.preventDefault()
    const next = Math.min(sizes.length - 1, Math.max(0, l + step[0]))
    const count = places[next]!.length
    const at = Math.min(count - 1, Math.max(0, i + step[1]))
    // Inputs beside the diagram are elsewhere on the page.
    const found = document.querySelector<HTMLElement>(`[data-at="${next}-${at}"]`)
    if (count === 0 || !found) return
    if (next > 0 || !layout.beside) setFocus([next, at])
    found.focus()
  }
  return (
    <div
      class="diagram-neurons"
      role="group"
      aria-label="Neurons: move between them with the arrow keys, press Enter to change values"
      onKeyDown={move}
      onPointerMove={(event) => {
        if (event.pointerType !== 'touch' && !isNeuron(event)) inspect(hovered, edgeUnder(event, REACH.mouse))
      }}
      onPointerLeave={() => {
        inspect(hovered, undefined)
      }}
      onClick={(event) => {
        if (isNeuron(event)) return
        const isTouch = 'pointerType' in event && event.pointerType === 'touch'
        edited.value = edgeUnder(event, isTouch ? REACH.touch : REACH.mouse)
      }}
    >
      <Edges layout={layout} edges={edges} />
      {places.flatMap((ofLayer, l) =>
        l === 0 && layout.beside
          ? []
          : ofLayer.map((place, i) => (
              <Neuron
                key={`${l}-${i}`}
                layer={l}
                index={i}
                place={place}
                label={l === 0 ? inputLabel(shown, i) : undefined}
                hasRoomBelow={hasRoom}
                focusable={focus[0] === l && focus[1] === i}
                onOpen={
                  l === 0
                    ? undefined
                    : () => {
                        edited.value = { layer: l, index: i }
                      }
                }
              />
            )),
      )}
      <OutputNames layout={layout} names={shown.outputs} />
      <LayerButtons layout={layout} />
    </div>
  )
}

/** The text at an input, or at the box of all inputs. */
function inputLabel({ picture, inputs }: ShownData, index: number): string {
  if (picture) return ''
  return inputs.length > MAX_INPUTS ? `${inputs.length} inputs` : (inputs[index]?.name ?? '')
}

/** The height of a name below an input. */
const NAME_HEIGHT = 14

/** Whether names fit between the inputs. */
function hasRoomBelowInputs({ places: [inputs = []] }: DiagramLayout): boolean {
  const [first, second] = inputs
  return !first || !second || second.y - first.y - first.side >= NAME_HEIGHT
}

/** The names of the outputs, above the lines that go to the plane; long ones are shortened and complete in the card. */
function OutputNames({ layout, names }: { layout: DiagramLayout; names: readonly string[] }) {
  const { places, nameWidth, height } = layout
  const outputs = places.at(-1)!
  const isTight = outputs.length > 1 && outputs[1]!.y - outputs[0]!.y < 22
  return outputs.map(({ x, y, side }, i) => (
    <span
      key={i}
      class="output-name"
      title={names[i]}
      aria-hidden="true"
      style={{
        left: `${x + side / 2 + 6}px`,
        bottom: `${height - y + (isTight ? -7 : 2)}px`,
        maxWidth: `${nameWidth - 8}px`,
      }}
    >
      {names[i]}
    </span>
  ))
}

const Legend = () => (
  <p class="diagram-legend">
    <span>
      <svg width="26" height="8" aria-hidden="true">
        <path d="M0 4H26" stroke-width="3" />
      </svg>
      <Term name="weight">positive weight</Term>
    </span>
    <span>
      <svg width="26" height="8" aria-hidden="true">
        <path d="M0 4H26" stroke-width="3" stroke-dasharray="5 4" />
      </svg>
      negative
    </span>
    <span>
      <svg width="22" height="10" aria-hidden="true">
        <circle cx="5" cy="5" r="4.5" />
        <circle class="ring" cx="16" cy="5" r="3.8" />
      </svg>
      <Term name="bias">bias</Term>, negative bias
    </span>
  </p>
)
