// On systems without a locale, a browser may report a language that Intl rejects ("en-US@posix"). The chart library creates
// a number format for that language when it is loaded. This is a file, because the page allows no scripts within HTML.
try {
  new Intl.NumberFormat(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true })
}
