import { describe, expect, it } from 'vitest'
import { epochsReach, scoreReaches, servePage } from './page.ts'

const { open, close } = servePage({ webgpu: false })

const reasons = [
  { neverHadWebGPU: false, reason: 'WebGPU finds no GPU that it can use' },
  { neverHadWebGPU: true, reason: 'this browser has no WebGPU: use a recent' },
]

for (const { neverHadWebGPU, reason } of reasons) {
  describe(`the page in a browser ${neverHadWebGPU ? 'that never had WebGPU' : 'whose WebGPU finds no GPU'}`, () => {
    it('trains on the CPU, and shows the reason', async () => {
      const opened = await open('speed=0', { neverHadWebGPU })
      const { page } = opened
      // Where WebAssembly were slower for this network, its description would say that instead.
      const described = page.getByText(new RegExp(`SIMD, float32, 1 thread: ${reason}|CPU, float32: it was measured`))
      await described.waitFor({ state: 'attached' })
      await scoreReaches(page, 'training-score', 95)
      await close(opened)
    })

    it('reports that no GPU is available, and continues training', async () => {
      const opened = await open('', { neverHadWebGPU })
      const { page } = opened
      await epochsReach(page, 5)
      await page.locator('[popovertarget=backend-details]').click()
      await page.getByRole('radio', { name: 'GPU (WebGPU)' }).click()
      await page.locator('.messages .notices', { hasText: reason }).waitFor()
      expect(await page.getByRole('radio', { name: 'Automatic' }).isChecked()).toBe(true)
      await epochsReach(page, 200)
      await page.getByRole('button', { name: 'Verify on this GPU' }).click()
      await page.locator('section:has(#verify-title) .notices', { hasText: reason }).waitFor()
      // The advice where to look is given once.
      if (!neverHadWebGPU) expect((await page.locator('body').innerText()).split('chrome://gpu')).toHaveLength(2)
      await close(opened)
    })

    it('opens a link that requests a GPU, and trains without it', async () => {
      const opened = await open('backend=webgpu&problem=xor', { neverHadWebGPU })
      const { page } = opened
      await page.locator('.messages .notices', { hasText: reason }).waitFor()
      await epochsReach(page, 3)
      expect(await page.getByRole('button', { name: 'Exclusive or' }).getAttribute('aria-pressed')).toBe('true')
      await close(opened)
    })
  })
}
