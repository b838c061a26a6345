import { Notices } from '../notices.tsx'
import { advice, stopReason } from '../state.ts'
import { Divergence } from './divergence.tsx'
import './messages.css'

/** Why training stopped, what keeps the network from learning, and problems with the link, the settings and training. */
export function Messages() {
  return (
    <div class="messages">
      <Notices about="link" />
      <Notices about="backend" />
      <Notices about="settings" />
      <Notices about="training" />
      <Divergence />
      <p class="stopped" role="status">
        {stopReason.value}
      </p>
      <div class="advice" role="status">
        {advice.value.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
    </div>
  )
}
