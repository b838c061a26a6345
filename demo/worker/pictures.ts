import type { Dataset } from '../../src/index.ts'
import type { PictureSamples } from '../protocol.ts'

/** The number of pictures of each class to show, and of all of them where there are many classes. */
const EACH = 4
const MOST = 60

/** The first pictures of each class, class by class; inputs are values from 0 to 1. */
export function pickPictures(data: Dataset): PictureSamples {
  const labels = data.labels()
  const classes = data.classes?.length ?? 0
  const each = Math.max(1, Math.min(EACH, Math.floor(MOST / Math.max(1, classes))))
  const chosen: number[][] = Array.from({ length: classes }, () => [])
  for (let i = 0; i < labels.length; i++) {
    const ofClass = chosen[labels[i]!]
    if (ofClass && ofClass.length < each) ofClass.push(i)
  }
  const indices = chosen.flat()
  const pixels = new Uint8Array(indices.length * data.inputs.cols)
  indices.forEach((index, i) => {
    pixels.set(Uint8Array.from(data.inputs.row(index), toByte), i * data.inputs.cols)
  })
  return { pixels, labels: Uint8Array.from(indices, (index) => labels[index]!) }
}

const toByte = (value: number) => Math.round(255 * Math.min(1, Math.max(0, value)))
