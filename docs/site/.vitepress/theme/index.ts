import { onContentUpdated, type Theme, withBase } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import { h } from 'vue'
import 'katex/dist/katex.min.css'
import './colours.css'
import './home.css'
import './lessons/lessons.css'
import { showLessons } from './lessons/show.ts'
import { addButtons } from './snippets/buttons.ts'
import './snippets/snippets.css'

/** What an address shows that has no page. */
const missingPage = () =>
  h('main', { class: 'missing-page vp-doc' }, [
    h('h1', 'There is no such page'),
    h('p', 'The search above finds pages, names and messages by their text.'),
    h('p', [h('a', { href: withBase('/') }, 'To the first page')]),
  ])

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'not-found': missingPage }),
  setup() {
    onContentUpdated(() => {
      addButtons()
      showLessons()
    })
  },
} satisfies Theme
