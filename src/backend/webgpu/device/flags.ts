/** WebGPU's numeric flags; Dawn in Node has them under other names than browsers, their values are the standard's. */
export const usage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const
export const COMPUTE_STAGE = 0x4
export const MAP_MODE_READ = 0x1
