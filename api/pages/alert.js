import { alertTexts } from './alert-texts.js'
import { actsOf, adviceOf, factsOf, historyOf, picturesOf } from './alert-view.js'
import { ask } from './ask.js'
import { languageHere, switchLanguage } from './language.js'
import { texts } from './texts.js'

const refreshMs = 10_000
const readMs = 1500

const byId = id => document.getElementById(id)
const make = (tag, textContent) => Object.assign(document.createElement(tag), { textContent })
const rowOf = (tag, cells) => {
  const row = document.createElement('tr')
  row.append(...cells.map(cell => make(tag, cell)))
  return row
}

/** The nearest picture is shown. Each look at a picture is on record, so the others are only linked. */
function pictureOf({ href, told }, index) {
  const link = Object.assign(make('a', told), { href, target: '_blank' })
  if (index === 0) link.prepend(Object.assign(document.createElement('img'), { src: href, alt: '' }))
  const line = make('p', '')
  line.append(link)
  return line
}

let language = languageHere()
let alert
let problem
/** The signed-in account and its permissions. */
let me = { name: '', permissions: [] }
let isActing = false

const pathOf = () => `/alerts/${encodeURIComponent(location.pathname.split('/')[2] ?? '')}`

function draw() {
  const text = alertTexts[language]
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  byId('language').textContent = texts[language].language
  byId('promise').textContent = texts[language].promise
  byId('home').textContent = text.home
  byId('who').textContent = me.name === '' ? '' : texts[language].who(me.name)
  const told = problem === undefined ? '' : (text.problems[problem] ?? text.other(problem))
  const mayAct = alert !== undefined && me.permissions.includes('alerts.act')
  byId('problem').textContent = mayAct ? '' : told
  byId('problem-here').textContent = mayAct ? told : ''
  byId('alert').hidden = alert === undefined
  if (alert === undefined) return
  byId('says').textContent = alert.says[language]
  byId('advice').textContent = adviceOf(alert, language)
  byId('facts').replaceChildren(...factsOf(alert, text).map(cells => rowOf('td', cells)))
  const pictures = picturesOf(alert)
  byId('pictures-title').hidden = pictures.length === 0
  byId('pictures-title').textContent = text.pictures
  // Drawing a picture again would request it again, and every view of a picture is recorded.
  const drawn = pictures.map(({ href }) => href).join(' ')
  if (byId('pictures').dataset.drawn !== `${language} ${drawn}`) {
    byId('pictures').dataset.drawn = `${language} ${drawn}`
    byId('pictures').replaceChildren(...pictures.map(pictureOf))
  }
  const acts = actsOf(alert, me.permissions, text)
  byId('act').hidden = acts.length === 0
  byId('act-title').textContent = text.act
  byId('note-title').textContent = text.columns.note
  byId('acts').replaceChildren(
    ...acts.map(one => {
      const disabled = isActing || one.isOver === true
      const button = Object.assign(make('button', one.word), { type: 'button', disabled })
      button.classList.toggle('first', one.act === 'acknowledge')
      // The second click of a double click is not meant for what stands under the pointer by then.
      button.addEventListener('click', ({ detail }) => detail <= 1 && act(one))
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

/** Fetches what the page shows. Throws the code of what is wrong. */
async function look() {
  ;[alert, me] = await Promise.all([ask('GET', pathOf()), ask('GET', '/me')])
}

/**
 * Acts only if neither the alert nor the signed-in account has changed since the page was drawn. Otherwise the page
 * shows the present state, and the typed note stays.
 */
async function act(one) {
  const { note } = byId('act').elements
  const typed = note.value.trim()
  problem = undefined
  if (one.act === 'comment' && typed === '') {
    problem = 'no-note'
    draw()
    return note.focus()
  }
  isActing = true
  draw()
  try {
    const before = { changes: alert.history.length, name: me.name }
    await look()
    if (me.name !== before.name) problem = 'other-account'
    else if (alert.history.length !== before.changes) problem = 'changed'
    else {
      const body = typed === '' ? one.body : { ...one.body, note: typed }
      const answer = await ask('POST', `${pathOf()}/${one.act}`, body)
      if (answer.takenBefore) problem = 'taken-before'
      note.value = ''
      await look()
    }
  } catch ({ code }) {
    problem = code ?? 'network'
  }
  await settled()
  isActing = false
  draw()
}

/** What came of it is drawn, and a problem is in view, before anything can be pressed again: the page may have moved. */
async function settled() {
  draw()
  if (problem !== undefined) byId('problem-here').scrollIntoView({ block: 'center' })
  await new Promise(resolve => setTimeout(resolve, readMs))
}

async function start() {
  try {
    await look()
  } catch ({ status, code }) {
    // After signing in, people are sent back here.
    if (status === 401) return location.replace(`/?next=${encodeURIComponent(location.pathname)}`)
    problem = code ?? 'network'
  }
  draw()
}

/** Somebody else may have handled it meanwhile. Without an answer, the page stays as it is and says so. */
async function refresh() {
  if (document.hidden || alert === undefined || isActing) return
  try {
    const before = alert.history.length
    await look()
    if (problem === 'network') problem = undefined
    if (!isActing && alert.history.length !== before) problem = 'news'
  } catch ({ code }) {
    problem = code ?? 'network'
  }
  draw()
}

byId('language').addEventListener('click', () => {
  language = switchLanguage(language)
  draw()
})
document.addEventListener('visibilitychange', refresh)
setInterval(refresh, refreshMs)
// Enter in the note does nothing, because it is unclear which button is meant.
byId('act').addEventListener('submit', event => event.preventDefault())
start()
