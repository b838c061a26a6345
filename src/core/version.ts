import { version as packageVersion } from '../../package.json'

/** The version of this library. Typed here, because declarations that import package.json would not find it. */
export const version: string = packageVersion
