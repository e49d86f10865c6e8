/** `zh` or `en`: the language chosen here before, else the browser's. Access to the storage may be forbidden. */
export function languageHere() {
  try {
    const chosen = localStorage.getItem('language')
    if (chosen === 'zh' || chosen === 'en') return chosen
  } catch {}
  return navigator.language.startsWith('zh') ? 'zh' : 'en'
}

/** Changes to the other language, on this page and on those opened later. */
export function switchLanguage(language) {
  const other = language === 'zh' ? 'en' : 'zh'
  try {
    localStorage.setItem('language', other)
  } catch {}
  return other
}
