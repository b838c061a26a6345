import type { Plugin } from 'vite'

export function threadText(): Plugin
