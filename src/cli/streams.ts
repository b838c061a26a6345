import { writeSync } from 'node:fs'
import { escapeControls } from '../index.ts'

/**
 * Standard output or standard error. All text of the command line goes through here, so that nothing from outside reaches
 * a terminal as a control character, and a stream that cannot be written to never ends the work that it reports on.
 */
class StandardStream {
  readonly #stream: NodeJS.WriteStream
  #failure: NodeJS.ErrnoException | undefined

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    // Pipes fail later than the call that wrote to them.
    stream.on('error', (error) => this.#fail(error))
  }

  #fail(error: unknown): void {
    this.#failure ??= error as NodeJS.ErrnoException
  }

  /** Why the first text was not written that could not be; what comes after it is dropped. */
  get failure(): NodeJS.ErrnoException | undefined {
    return this.#failure
  }

  /** Whether the reader has gone (`| head`), which is no failure of what was written. */
  get isClosed(): boolean {
    return this.#failure?.code === 'EPIPE'
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY
  }

  /** Writes lines; what a line holds stays on it. */
  writeLines(lines: readonly string[]): void {
    void this.#write(lines.map((line) => `${escapeControls(line)}\n`).join(''))
  }

  /**
   * Writes the content of a file: as it is, but for a terminal, which is given it line by line.
   * @returns when the stream takes more
   */
  writeContent(text: string): Promise<void> {
    return this.#write(this.isTerminal ? text.split('\n').map(escapeControls).join('\n') : text)
  }

  /** Waits until all text has been written, or has failed to be. */
  flush(): Promise<void> {
    return this.#write('')
  }

  #write(text: string): Promise<void> {
    if (this.#failure) return Promise.resolve()
    return new Promise((resolve) => {
      try {
        this.#stream.write(text, (error) => {
          if (error) this.#fail(error)
          resolve()
        })
      } catch (error) {
        // Files are written to at once, and throw.
        this.#fail(error)
        resolve()
      }
    })
  }
}

/** Where results go. */
export const standardOutput = new StandardStream(process.stdout)
/** Where remarks, errors and progress go. */
export const standardError = new StandardStream(process.stderr)

/** What progress is drawn on; it is given numbers and the program's own words only. */
export const drawingBoard = process.stderr

/** Shows the cursor again, at once, before a program ends that has hidden it. */
export function showCursor(): void {
  if (!drawingBoard.isTTY) return
  try {
    writeSync(drawingBoard.fd, '\x1b[?25h\n')
  } catch {
    // The terminal is gone.
  }
}
