/** A GPU that was lost and replaced. */
interface Recovery {
  epoch: number
  /** Whether the CPU replaced it. */
  isSlower: boolean
}

/** What the page says about a lost GPU; the same whether training was paused or not. */
export function describeRecovery({ epoch, isSlower }: Recovery): string {
  const lost = `The GPU was lost at epoch ${epoch.toLocaleString('en')}`
  return isSlower
    ? `${lost}, and the browser has no other one. Nothing of the training is lost: it goes on on the CPU, which is slower.`
    : `${lost}, and the browser has replaced it. Nothing of the training is lost.`
}
