/** Gives the library Dawn and the cache of adapters in the place of what browsers have. */

import { provideGPU } from '../backend/webgpu/device/provided.ts'
import { provideCache } from '../backend/webgpu/device/provided-cache.ts'
import * as cache from './adapter-cache.ts'
import * as dawn from './dawn.ts'

provideGPU(dawn)
provideCache(cache)
