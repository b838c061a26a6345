import type { Plugin } from 'vite'

export function scriptText(): Plugin

export function modulesInText(id: string): readonly string[]
