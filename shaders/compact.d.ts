import type { Plugin } from 'vite'

export function compactShader(text: string): string
export function compactShaders(): Plugin
