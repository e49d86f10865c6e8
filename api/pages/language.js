/** `zh` or `en`: as it was chosen here before, else as the browser asks for. Storage may be forbidden. */
export function languageHere() {
  try {
    const chosen = localStorage.getItem('language')
    if (chosen === 'zh' || chosen === 'en') return chosen
  } catch {}
  return navigator.language.startsWith('zh') ? 'zh' : 'en'
}

/** The other language, for this page and those that are opened next. */
export function switchLanguage(language) {
  const other = language === 'zh' ? 'en' : 'zh'
  try {
    localStorage.setItem('language', other)
  } catch {}
  return other
}
