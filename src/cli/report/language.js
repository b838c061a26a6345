// A browser may call its language what it cannot format numbers in ("en-US@posix", on systems without a locale), and the
// chart library asks for just that when it is loaded.
try {
  new Intl.NumberFormat(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true })
}
