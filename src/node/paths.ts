import { describe } from '../core/errors.ts'
import { escapeControls, InputError } from '../index.ts'

/** Thrown where a file cannot be written: an {@link InputError}, since the path is usually the reason. */
export class WriteError extends InputError {}

/** @throws InputError for what is no path */
export function checkPath(path: unknown): asserts path is string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return
  throw new InputError(`path: expected the path of a file, got ${describe(path)}`)
}

/** Errors about what a file holds say which file it is. */
export async function withPath<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const isNamed = error instanceof InputError && error.message.startsWith(`${escapeControls(path)}: `)
    if (!(error instanceof InputError) || isNamed) throw error
    const message = `${path}: ${error.message}`
    throw error instanceof WriteError
      ? new WriteError(message, { cause: error })
      : new InputError(message, { cause: error })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, expected a file',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large',
  EIO: 'the device reports an error',
  EPIPE: 'nothing reads it any more',
  ELOOP: 'its symbolic links lead in a circle',
  EBUSY: 'it is in use',
  ENAMETOOLONG: 'the name is too long',
}

/** Errors of the system, in words. */
export function fileError(error: unknown, path: string, verb: 'read' | 'written'): Error {
  if (error instanceof InputError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error))
  const message = `${path}: cannot be ${verb}: ${reason}`
  return verb === 'written' ? new WriteError(message, { cause: error }) : new InputError(message, { cause: error })
}
