import { alertTexts } from './alert-texts.js'
import { actsOf, adviceOf, factsOf, historyOf, picturesOf } from './alert-view.js'
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
let permissions = []
let isActing = false

/** Resolves to what the service answers; throws its code. */
async function ask(method, path, body) {
  const headers = { 'x-lintel': '1', ...(body ? { 'content-type': 'application/json' } : {}) }
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const answer = await response.json()
  if (response.ok) return answer
  throw { status: response.status, code: answer.code }
}

const pathOf = () => `/alerts/${encodeURIComponent(location.pathname.split('/')[2] ?? '')}`

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
  const acts = actsOf(alert, permissions, text)
  byId('act').hidden = acts.length === 0
  byId('act-title').textContent = text.act
  byId('note-title').textContent = text.columns.note
  byId('acts').replaceChildren(
    ...acts.map(one => {
      const button = Object.assign(make('button', one.word), { type: 'button', disabled: isActing })
      button.addEventListener('click', () => act(one))
      return button
    }),
  )
  byId('history-title').textContent = text.history
  const { columns } = text
  byId('history').replaceChildren(
    rowOf('th', [columns.at, columns.what, columns.by, columns.note]),
    ...historyOf(alert, text, language).map(cells => rowOf('td', cells)),
  )
}

/** What was typed stays unless it was taken. */
async function act(one) {
  const { note } = byId('act').elements
  const typed = note.value.trim()
  isActing = true
  problem = undefined
  draw()
  try {
    await ask('POST', `${pathOf()}/${one.act}`, typed === '' ? one.body : { ...one.body, note: typed })
    note.value = ''
    alert = await ask('GET', pathOf())
  } catch ({ code }) {
    problem = code ?? 'network'
  }
  isActing = false
  draw()
}

async function start() {
  try {
    alert = await ask('GET', pathOf())
    permissions = (await ask('GET', '/me')).permissions
  } catch ({ status, code }) {
    // Who signs in is led back here.
    if (status === 401) return location.replace(`/?next=${encodeURIComponent(location.pathname)}`)
    problem = code ?? 'network'
  }
  draw()
}

byId('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh'
  draw()
})
// Somebody else may have seen to it meanwhile. Without an answer what is shown stays.
document.addEventListener('visibilitychange', async () => {
  if (document.hidden || alert === undefined) return
  alert = await ask('GET', pathOf()).catch(() => alert)
  draw()
})
// The key Enter in the note does nothing: which button is meant?
byId('act').addEventListener('submit', event => event.preventDefault())
start()
