import { DrawingPad } from './drawing-pad.tsx'
import { PictureWall } from './picture-wall.tsx'
import './digits.css'

/** For pictures, in the place of the plane: a digit to draw, the answer, and pictures of the data. */
export function DigitsOutput() {
  return (
    <div class="digits">
      <DrawingPad />
      <PictureWall />
    </div>
  )
}
