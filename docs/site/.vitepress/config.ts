import katex from 'katex'
import texmath from 'markdown-it-texmath'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig, type MarkdownRenderer } from 'vitepress'
import llmstxt from 'vitepress-plugin-llms'
import { licenses } from '../../../build/licenses.ts'
import { scriptText } from '../../../script-text.js'
import { repositoryUrl } from './links.ts'
import { sidebar } from './sidebar.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url))

/** Vue takes the markup of formulas as it is; formulas that are too wide scroll, also with the keyboard. */
function keepMarkup({ renderer: { rules } }: MarkdownRenderer): void {
  for (const [name, rule] of Object.entries(rules)) {
    if (!name.startsWith('math_') || !rule) continue
    rules[name] = (...given) =>
      rule(...given)
        .replaceAll('<eq>', '<span v-pre>')
        .replaceAll('</eq>', '</span>')
        .replaceAll('<section>', '<div class="formula" tabindex="0">')
        .replaceAll('</section>', '</div>')
        .replaceAll('<eqn>', '<div v-pre>')
        .replaceAll('</eqn>', '</div>')
  }
}

/** Links of pages to files outside of the site, such as examples, lead to the repository. */
function linkSources({ core }: MarkdownRenderer): void {
  core.ruler.push('link-sources', ({ tokens, env }) => {
    const { path: page } = env as { path?: string }
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.attrGet('href')
      if (token.type !== 'link_open' || !target?.startsWith('.') || page === undefined) continue
      const file = relative(path(''), resolve(dirname(page), target))
      if (file.startsWith('docs/site/')) continue
      if (!existsSync(path(file))) throw new Error(`${page}: no file ${target}`)
      token.attrSet('href', `${repositoryUrl}/blob/main/${file}`)
    }
  })
}

/** Characters of code in text that fit on one line of a phone. */
const LONGEST_UNBROKEN = 28

/** Marks short code in text, such as `--drop`, which is not divided at its hyphens and dots. */
function markShortCode({ core }: MarkdownRenderer): void {
  core.ruler.push('mark-short-code', ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type === 'code_inline' && token.content.length <= LONGEST_UNBROKEN) token.attrJoin('class', 'short')
    }
  })
}

/** The plugin for language models names its files from the root of a host; these pages work in any folder. */
const relativeHead = (html: string, page: string) =>
  html.replace(
    /<link href="\.\/([^"]+)" rel="(describedby|alternate)"/g,
    (_, file: string, rel: string) =>
      `<link href="${'../'.repeat(page.split('/').length - 1) || './'}${file}" rel="${rel}"`,
  )

async function relativeIndex(folder: string): Promise<void> {
  const file = join(folder, 'llms.txt')
  await writeFile(file, (await readFile(file, 'utf8')).replace(/\]\(\/(?:\.\/)?/g, '](./'))
}

/** The lessons of the demo page end with buttons for its other tabs, which the site does not have. */
const lessonEnding: Plugin = {
  name: 'lesson-ending',
  enforce: 'pre',
  resolveId: (id, importer) =>
    id.endsWith('/ending.tsx') && importer?.includes('/demo/learn/')
      ? path('docs/site/.vitepress/theme/lessons/ending.tsx')
      : undefined,
}

// Style sheets and fonts of these two are copied, not imported.
const siteLicenses = licenses([path('node_modules/katex'), path('node_modules/vitepress')])

/** The documentation site: static files with relative links, which work in any folder, and which load nothing from other hosts. */
export default defineConfig({
  lang: 'en',
  title: 'webgpu-mlp',
  description: 'Trains multi-layer perceptrons on the GPU through WebGPU, in the browser and in Node.',
  base: './',
  outDir: path('dist-docs'),
  cacheDir: path('.cache/docs'),
  // The page, which the build writes into the same folder.
  ignoreDeadLinks: [/\/page\/index$/],
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (markdown) => {
      markdown.use(texmath, { engine: katex, delimiters: 'dollars', katexOptions: { output: 'htmlAndMathml' } })
      keepMarkup(markdown)
      linkSources(markdown)
      markShortCode(markdown)
    },
  },
  transformHtml: (html, _id, { page }) => relativeHead(html, page),
  buildEnd: ({ outDir }) => relativeIndex(outDir),
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start/browser', activeMatch: '/start/' },
      { text: 'Guides', link: '/guide/data', activeMatch: '/(guide|coming-from)/' },
      { text: 'Reference', link: '/reference/', activeMatch: '/reference/' },
      { text: 'Background', link: '/background/architecture', activeMatch: '/background/' },
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    editLink: { pattern: `${repositoryUrl}/edit/main/docs/site/:path`, text: 'Edit this page' },
    footer: { message: 'MIT licence' },
  },
  vite: {
    plugins: [lessonEnding, scriptText(), llmstxt({ workDir: '.' }), siteLicenses.plugin],
    resolve: {
      alias: { 'webgpu-mlp': path('src/index.ts') },
      conditions: ['browser', 'module', 'import', 'default'],
    },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    worker: { format: 'es', plugins: () => [scriptText(), siteLicenses.collector()] },
    build: { chunkSizeWarningLimit: 2000 },
  },
})
