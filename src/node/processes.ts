/** Whether a process of this machine is running. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Without the right to ask, it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
