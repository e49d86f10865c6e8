const texts = {
  en: {
    language: '中文',
    signIn: 'Sign in',
    signOut: 'Sign out',
    name: 'Name',
    password: 'Password',
    newPassword: 'New password',
    again: 'The same again',
    setPassword: 'Set password and sign in',
    changePassword: 'Change the password',
    passwordRule: 'At least 12 characters; a sentence is good.',
    noAccount:
      'No account, or the password is forgotten? An admin makes a link for you: lintel user add, or lintel user invite.',
    welcome: 'Welcome',
    forName: (name, role) => `Choose a password for ${name} (${role}).`,
    forFirst: 'You are the first admin here. Choose a name and a password.',
    who: name => `You are signed in as ${name}`,
    role: (role, sites) => `Your role is ${role}${sites ? `, for ${sites.join(', ')}` : ''}.`,
    look: 'Look here',
    shell: 'Work in a shell',
    tokenHint: 'On another machine, put a token that an admin made for you into the file token.txt.',
    roles: { admin: 'admin', analyst: 'analyst', duty: 'duty', auditor: 'auditor' },
    promise: 'It counts; it identifies nobody.',
    differ: 'The two passwords differ.',
    network: 'The service does not answer. Try again.',
    links: {
      flow: 'Flow of the last seven days',
      points: 'Doors and lanes',
      audit: 'Who did what',
      ledger: 'Ledger',
      devices: 'Devices',
      api: 'What the API offers (OpenAPI)',
    },
    problems: {
      SIGN_IN_FAILED: 'Name or password is wrong, or the account is disabled.',
      SIGN_IN_THROTTLED: wait => `Too many wrong passwords. Try again in ${wait} seconds.`,
      INVITATION_INVALID:
        'This link was used, was replaced by a newer one, or is older than a day. Ask an admin for a new one: lintel user invite.',
      ACCOUNT_EXISTS: 'There is an account of this name. Choose another.',
    },
  },
  zh: {
    language: 'English',
    signIn: '登录',
    signOut: '退出登录',
    name: '用户名',
    password: '密码',
    newPassword: '新密码',
    again: '再输入一次',
    setPassword: '设置密码并登录',
    changePassword: '修改密码',
    passwordRule: '至少 12 个字符，建议用一句话。',
    noAccount: '没有账号，或忘记了密码？请管理员为您生成链接：lintel user add 或 lintel user invite。',
    welcome: '欢迎',
    forName: (name, role) => `请为 ${name}（${role}）设置密码。`,
    forFirst: '您是这里的第一位管理员。请选择用户名和密码。',
    who: name => `您已登录：${name}`,
    role: (role, sites) => `您的角色是 ${role}${sites ? `，负责 ${sites.join('、')}` : ''}。`,
    look: '在这里查看',
    shell: '在命令行中使用',
    tokenHint: '在其他机器上使用时，请把管理员为您创建的令牌存入文件 token.txt。',
    roles: { admin: '管理员', analyst: '分析员', duty: '值班员', auditor: '审计员' },
    promise: '只计数，不识别任何人。',
    differ: '两次输入的密码不一致。',
    network: '服务没有响应，请重试。',
    links: {
      flow: '最近七天的人流',
      points: '门与车道',
      audit: '操作记录',
      ledger: '账目核对',
      devices: '设备',
      api: 'API 说明（OpenAPI）',
    },
    problems: {
      SIGN_IN_FAILED: '用户名或密码错误，或账号已停用。',
      SIGN_IN_THROTTLED: wait => `密码错误次数过多，请在 ${wait} 秒后重试。`,
      INVITATION_INVALID:
        '此链接已使用、已被新链接取代，或已超过一天。请管理员重新生成：lintel user invite。',
      ACCOUNT_EXISTS: '该用户名已存在，请另选一个。',
    },
  },
}

const byId = id => document.getElementById(id)
let language = navigator.language.startsWith('zh') ? 'zh' : 'en'
/** What is shown now, drawn again when the language changes. */
let draw = () => {}

async function ask(method, path, body) {
  let response
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: { 'x-lintel': '1', ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  } catch {
    throw { code: 'network' }
  }
  if (response.status === 204) return undefined
  const answer = await response.json()
  if (response.ok) return answer
  throw { ...answer, wait: response.headers.get('retry-after') }
}

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
  byId('problem').textContent = typeof known === 'function' ? known(wait) : (known ?? detail)
}

/** What a form holds, sent by `act`; what goes wrong is told below it. */
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
    ['flow', 'flow.read', `/api/v1/flow?${flow}`],
    ['points', 'points.read', '/api/v1/points'],
    ['devices', 'devices.read', '/api/v1/devices'],
    ['ledger', 'ledger.read', '/api/v1/ledger'],
    ['audit', 'audit.read', '/api/v1/audit'],
    ['api', undefined, '/api/v1/openapi.json'],
  ]
  return all.filter(([, permission]) => permission === undefined || permissions.includes(permission))
}

function showMe(me) {
  history.replaceState(null, '', '/')
  show('me', text => {
    byId('who').textContent = text.who(me.name)
    byId('role').textContent = text.role(text.roles[me.role], me.sites)
    byId('change').elements.name.value = me.name
    byId('links').replaceChildren(
      ...linksOf(me).map(([name, , href]) => {
        const item = document.createElement('li')
        const link = Object.assign(document.createElement('a'), { href, textContent: text.links[name] })
        item.append(link)
        return item
      }),
    )
    const { origin } = location
    const remote = `--url ${origin} --token-file token.txt`
    const commands = [`npx lintel flow --by site ${remote}`]
    if (me.permissions.includes('snapshots.read')) commands.push(`npx lintel snapshot list ${remote}`)
    if (me.permissions.includes('audit.read')) commands.push(`npx lintel audit ${remote}`)
    if (me.permissions.includes('accounts.write'))
      commands.push('npx lintel user add NAME --role analyst', 'npx lintel token create NAME --role analyst')
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
  language = language === 'zh' ? 'en' : 'zh'
  draw()
})
byId('sign-out').addEventListener('click', async () => {
  await ask('DELETE', '/session').catch(() => {})
  show('sign-in')
})
onSubmit('sign-in', async ({ name, password }) => showMe(await ask('POST', '/session', { name, password })))
onSubmit('change', async ({ password, newPassword }) =>
  showMe(await ask('PUT', '/me/password', { password, newPassword })),
)
start()
