import { defineConfig } from 'vite'

// Workers are modules, because their program has parts that are loaded when they are needed.
export default defineConfig({ base: './', worker: { format: 'es' } })
