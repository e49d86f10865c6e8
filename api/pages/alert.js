import { alertTexts } from './alert-texts.js'
import { adviceOf, factsOf, historyOf, picturesOf } from './alert-view.js'
import { texts } from './texts.js'

const byId = id => document.getElementById(id)
const make = (tag, textContent) => Object.assign(document.createElement(tag), { textContent })
const rowOf = (tag, cells) => {
  const row = document.createElement('tr')
  row.append(...cells.map(cell => make(tag, cell)))
  return row
}

/** The nearest is shown; each look at a picture is on record, so the others are only linked. */
function pictureOf({ href, told }, index) {
  const link = Object.assign(make('a', index === 0 ? '' : told), { href, target: '_blank' })
  if (index === 0) link.append(Object.assign(document.createElement('img'), { src: href, alt: told }))
  const line = make('p', '')
  line.append(link)
  return line
}

let language = navigator.language.startsWith('zh') ? 'zh' : 'en'
let alert
let problem

function draw() {
  const text = alertTexts[language]
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  byId('language').textContent = texts[language].language
  byId('promise').textContent = texts[language].promise
  byId('home').textContent = text.home
  byId('problem').textContent = problem === undefined ? '' : (text.problems[problem] ?? text.other(problem))
  byId('alert').hidden = alert === undefined
  if (alert === undefined) return
  byId('says').textContent = alert.says[language]
  byId('advice').textContent = adviceOf(alert, language)
  byId('facts').replaceChildren(...factsOf(alert, text).map(cells => rowOf('td', cells)))
  const pictures = picturesOf(alert)
  byId('pictures-title').hidden = pictures.length === 0
  byId('pictures-title').textContent = text.pictures
  byId('pictures').replaceChildren(...pictures.map(pictureOf))
  byId('history-title').textContent = text.history
  const { columns } = text
  byId('history').replaceChildren(
    rowOf('th', [columns.at, columns.what, columns.by, columns.note]),
    ...historyOf(alert, text, language).map(cells => rowOf('td', cells)),
  )
}

async function start() {
  try {
    const id = encodeURIComponent(location.pathname.split('/')[2] ?? '')
    const response = await fetch(`/api/v1/alerts/${id}`)
    const answer = await response.json()
    // Who signs in is led back here.
    if (response.status === 401) return location.replace(`/?next=${encodeURIComponent(location.pathname)}`)
    if (response.ok) alert = answer
    else problem = answer.code
  } catch {
    problem = 'network'
  }
  draw()
}

byId('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh'
  draw()
})
start()
