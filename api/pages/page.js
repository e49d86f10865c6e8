import { ask } from './ask.js'
import { languageHere, switchLanguage } from './language.js'
import { maxRows, tables } from './tables.js'
import { texts } from './texts.js'

const byId = id => document.getElementById(id)
let language = languageHere()
/** Draws the current view; called again when the language changes. */
let draw = () => {}

function show(id, fill) {
  for (const each of ['sign-in', 'invite', 'me']) byId(each).hidden = each !== id
  draw = () => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
    for (const element of document.querySelectorAll('[data-text]'))
      element.textContent = texts[language][element.dataset.text]
    byId('language').textContent = texts[language].language
    byId('problem').textContent = ''
    fill?.(texts[language])
  }
  draw()
}

function tell({ code, detail, wait }) {
  const text = texts[language]
  const known = code === 'network' ? text.network : text.problems[code]
  // The service's own messages are in English.
  const unknown = language === 'en' && detail ? detail : text.other(code)
  byId('problem').textContent = typeof known === 'function' ? known(wait) : (known ?? unknown)
}

/** Passes the values of a form to `act`; shows errors below the form. */
function onSubmit(id, act) {
  byId(id).addEventListener('submit', async event => {
    event.preventDefault()
    byId('problem').textContent = ''
    const fields = Object.fromEntries(new FormData(event.target))
    if ('again' in fields && fields.again !== (fields.newPassword ?? fields.password)) {
      byId('problem').textContent = texts[language].differ
      return
    }
    const buttons = event.target.querySelectorAll('button')
    for (const button of buttons) button.disabled = true
    try {
      await act(fields)
      event.target.reset()
    } catch (problem) {
      tell(problem)
    }
    for (const button of buttons) button.disabled = false
  })
}

const dayOf = (daysAgo, zone) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(Date.now() - daysAgo * 86_400_000)

function linksOf({ permissions, zone }) {
  const flow = new URLSearchParams({
    measure: 'passages',
    from: dayOf(7, zone),
    to: dayOf(0, zone),
    every: '1d',
    zone,
  })
  const all = [
    ['alerts', 'alerts.read', '/alerts?status=open,acknowledged,cleared&limit=200'],
    ['flow', 'flow.read', `/flow?${flow}`],
    ['points', 'points.read', '/points'],
    ['devices', 'devices.read', '/devices'],
    ['ledger', 'ledger.read', '/ledger'],
    ['audit', 'audit.read', '/audit'],
    ['api', undefined, '/openapi.json'],
  ]
  return all.filter(([, permission]) => permission === undefined || permissions.includes(permission))
}

const refreshMs = 10_000
const clockOf = (at, timeZone) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'medium' }).format(at)
const make = (tag, members) => Object.assign(document.createElement(tag), members)
/** Our own words in cells: each language has its translation. */
const ours = ['total', 'snapshots', 'open', 'acknowledged', 'cleared', 'notice', 'warning', 'critical']
/** The last view, to show it again in another language. */
let seen

async function look(name, path, zone) {
  const answer = await ask('GET', path)
  byId('problem').textContent = ''
  const rows = tables[name](answer, zone)
  seen = { name, path, zone, rows, minCount: answer.suppression?.minCount, at: Date.now() }
  fillSeen(texts[language])
}

/** Open alerts change all the time: a list on screen is kept up to date. */
setInterval(() => {
  if (seen?.name === 'alerts' && !document.hidden) look(seen.name, seen.path, seen.zone).catch(tell)
}, refreshMs)

function fillSeen(text) {
  byId('seen').hidden = seen === undefined
  if (seen === undefined) return byId('seen-rows').replaceChildren()
  const { name, path, zone, rows, minCount, at } = seen
  const say = word => text.columns[word] ?? word
  const columns = Object.keys(rows[0] ?? {})
  const line = cells => {
    const row = make('tr', {})
    row.append(...cells)
    return row
  }
  const cellOf = (column, value) => {
    const textContent = wordOf(value, say)
    if (value?.href === undefined)
      return make('td', { textContent, className: column === 'time' ? 'whole' : '' })
    const cell = make('td', {})
    cell.append(make('a', { href: value.href, textContent }))
    return cell
  }
  byId('seen-title').textContent = text.links[name]
  byId('seen-rows').dataset.name = name
  byId('seen-rows').replaceChildren(
    line(columns.map(column => make('th', { textContent: say(column) }))),
    ...rows.slice(0, maxRows).map(row => line(columns.map(column => cellOf(column, row[column])))),
  )
  const notes = [
    text.asOf(clockOf(at, zone)),
    rows.length === 0 ? text.nothing : '',
    rows.length > maxRows ? text.more(maxRows, rows.length) : '',
    minCount === undefined ? '' : text.small(minCount),
  ]
  byId('seen-notes').textContent = notes.filter(Boolean).join(' ')
  byId('seen-json').href = `/api/v1${path}`
}

/** Our own words in the page's language. */
function wordOf(value, say) {
  if (typeof value === 'object' && value !== null) return value[language]
  return ours.includes(value) ? say(value) : value
}

/** The page from which the user was sent to sign in: only one of ours. */
function nextPage() {
  const next = new URLSearchParams(location.search).get('next') ?? ''
  return /^\/alerts\/[0-9a-z]{1,64}$/.test(next) ? next : undefined
}

function showMe(me) {
  const next = nextPage()
  if (next !== undefined) return location.replace(next)
  history.replaceState(null, '', '/')
  seen = undefined
  // Who sees alerts has them before them, without a click.
  if (me.permissions.includes('alerts.read')) {
    const [name, , path] = linksOf(me)[0]
    look(name, path, me.zone).catch(tell)
  }
  show('me', text => {
    byId('who').textContent = text.who(me.name)
    byId('role').textContent = text.role(text.roles[me.role], me.sites)
    byId('change').elements.name.value = me.name
    byId('links').replaceChildren(
      ...linksOf(me).map(([name, , path]) => {
        const item = document.createElement('li')
        const link = make('a', { href: `/api/v1${path}`, textContent: text.links[name] })
        if (tables[name] !== undefined)
          link.addEventListener('click', event => {
            event.preventDefault()
            look(name, path, me.zone).catch(tell)
          })
        item.append(link)
        return item
      }),
    )
    fillSeen(text)
    const { origin } = location
    const remote = `--url ${origin} --token-file token.txt`
    const commands = [`npx --no-install lintel flow --last 7d --every 1d --by site ${remote}`]
    if (me.permissions.includes('alerts.act'))
      for (const act of ['list --open', 'ack ID', 'resolve ID --as real'])
        commands.push(`npx --no-install lintel alerts ${act} ${remote}`)
    if (me.permissions.includes('snapshots.read'))
      commands.push(`npx --no-install lintel snapshot list ${remote}`)
    if (me.permissions.includes('audit.read')) commands.push(`npx --no-install lintel audit ${remote}`)
    if (me.permissions.includes('accounts.write'))
      commands.push(
        'npx --no-install lintel user add NAME --role analyst',
        'npx --no-install lintel token create NAME --role analyst',
      )
    commands.push(`curl -H "Authorization: Bearer $(cat token.txt)" ${origin}/api/v1/me`)
    byId('commands').textContent = commands.join('\n')
  })
}

async function start() {
  const secret = location.pathname === '/invite' ? location.hash.slice(1) : ''
  if (secret === '') {
    const me = await ask('GET', '/me').catch(() => undefined)
    return me?.as === 'account' ? showMe(me) : show('sign-in')
  }
  try {
    const { name, role } = await ask('POST', '/invitation', { secret })
    const field = byId('invite').elements.name
    field.value = name ?? ''
    field.readOnly = name !== undefined
    show('invite', text => {
      byId('invited-for').textContent =
        name === undefined ? text.forFirst : text.forName(name, text.roles[role])
    })
  } catch (problem) {
    show('sign-in')
    tell(problem)
  }
  onSubmit('invite', async ({ name, password }) =>
    showMe(await ask('POST', '/invitation/accept', { secret, name, password })),
  )
}

byId('language').addEventListener('click', () => {
  language = switchLanguage(language)
  draw()
})
byId('sign-out').addEventListener('click', async () => {
  await ask('DELETE', '/session').catch(() => {})
  seen = undefined
  fillSeen(texts[language])
  show('sign-in')
})
onSubmit('sign-in', async ({ name, password }) => showMe(await ask('POST', '/session', { name, password })))
onSubmit('change', async ({ password, newPassword }) =>
  showMe(await ask('PUT', '/me/password', { password, newPassword })),
)
start()
