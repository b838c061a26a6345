import { onContentUpdated, type Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import 'katex/dist/katex.min.css'
import './colours.css'
import './home.css'
import './lessons/lessons.css'
import { showLessons } from './lessons/show.ts'
import { addButtons } from './snippets/buttons.ts'
import './snippets/snippets.css'

export default {
  extends: DefaultTheme,
  setup() {
    onContentUpdated(() => {
      addButtons()
      showLessons()
    })
  },
} satisfies Theme
