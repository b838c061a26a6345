/**
 * Takes the place of `vitest` in the bundle of tests that Deno runs (suite.ts): the same runner and the same matchers,
 * without the parts of Vitest that need Vite's server.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  customMatchers,
  type ExpectStatic,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect'

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from '@vitest/runner'

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)

const globals = globalThis as unknown as Record<symbol, object>

export const expect = ((value: unknown, message?: string) => chai.expect(value, message)) as ExpectStatic
Object.assign(expect, chai.expect, globals[ASYMMETRIC_MATCHERS_OBJECT])
globals[GLOBAL_EXPECT] = expect
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect)
const extensible = chai.expect as unknown as { extend: (expect: ExpectStatic, matchers: object) => void }
extensible.extend(expect, customMatchers)
