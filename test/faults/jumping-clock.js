// A module for `node --import`: the clock of the day jumps by up to a year with every question, backwards and forwards.
const now = Date.now.bind(Date)
const YEAR = 365 * 24 * 3600 * 1000
let questions = 0
const jump = () => now() + YEAR * Math.sin(12.9898 * ++questions)

globalThis.Date = class extends Date {
  constructor(...values) {
    super(...(values.length === 0 ? [jump()] : values))
  }
  static now() {
    return jump()
  }
}
