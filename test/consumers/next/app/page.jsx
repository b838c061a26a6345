'use client'

import { useEffect } from 'react'
import { run } from '../run.js'

export default function Page() {
  useEffect(() => {
    globalThis.result = run().catch((error) => ({ failed: error.stack }))
  }, [])
  return <main>webgpu-mlp</main>
}
