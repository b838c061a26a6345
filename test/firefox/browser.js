import { spawnSync } from 'node:child_process'
import puppeteer from 'puppeteer-core'

/** The path of Firefox's program: $FIREFOX, firefox-esr or firefox; undefined where there is none. */
export function findFirefox() {
  for (const program of [process.env.FIREFOX, 'firefox-esr', 'firefox'].filter(Boolean)) {
    const { stdout, status } = spawnSync('which', [program], { encoding: 'utf8' })
    if (status === 0) return stdout.trim()
  }
  return undefined
}

/**
 * Starts Firefox without a window, with WebGPU also on software drivers.
 * @param {string} executablePath
 * @param {Record<string, string>} [env] additional variables, such as those that select a Vulkan driver
 */
export function launchFirefox(executablePath, env = {}) {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    env: { ...process.env, ...env },
    protocolTimeout: 600_000,
    extraPrefsFirefox: {
      'dom.webgpu.enabled': true,
      'dom.webgpu.workers.enabled': true,
      'gfx.webgpu.ignore-blocklist': true,
      // Allow software drivers, which need files that the sandbox does not let them read.
      'dom.webgpu.allow-cpu-adapter': true,
      'security.sandbox.gpu.level': 0,
    },
  })
}
