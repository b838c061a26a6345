/** Saves a file on the user's computer. */
export function download(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  // The download has started by then.
  setTimeout(() => {
    URL.revokeObjectURL(link.href)
  }, 1000)
}
