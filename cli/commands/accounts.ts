import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Invited, Operations } from '../../api/operations/operations.ts'
import { roles } from '../../api/roles.ts'
import { formatLocal } from '../../flow/zone.ts'
import { type CommonOptions, type Context, contextOf, withCommonOptions } from '../options.ts'
import { note } from '../output.ts'
import { signInLink } from '../sign-in-link.ts'

interface RoleOptions extends CommonOptions {
  readonly role: string
  readonly site: readonly string[]
}

const another = (name: string, names: readonly string[]) => [...names, name]
const sitesMember = (sites: readonly string[] = []) => (sites.length === 0 ? {} : { sites: [...sites] })

export function addAccountCommands(program: Command): void {
  const user = program.command('user').description('people who may sign in')
  const sub = (parent: Command, name: string, description: string) =>
    withCommonOptions(parent.command(name).description(description))
  const withRole = (command: Command) =>
    command
      .addOption(new Option('--role <role>', 'what it may').choices(roles).makeOptionMandatory())
      .option('--site <name>', 'of duty: a site that it is for; may be repeated', another, [])

  withRole(
    sub(user, 'add <name>', 'a new account; prints the link with which its person sets a password'),
  ).action(addUser)
  sub(
    user,
    'invite [name]',
    'a new link, also for who forgot the password; without a name, for the first admin',
  ).action(inviteUser)
  sub(user, 'list', 'all accounts').action(listUsers)
  for (const [verb, enabled, told] of [
    ['enable', true, 'let it sign in again'],
    ['disable', false, 'sign it out and keep it out'],
  ] as const) {
    sub(user, `${verb} <name>`, told).action(async (name: string, options: CommonOptions) => {
      const { ask, output } = contextOf(options)
      await ask('registry', operations => operations.setUserEnabled(name, enabled))
      output.say(`${name} is ${verb}d`, { name, enabled })
    })
  }
  sub(user, 'remove <name>', 'sign it out and forget it; the audit log keeps its name').action(
    async (name: string, options: CommonOptions) => {
      const { ask, output } = contextOf(options)
      await ask('registry', operations => operations.removeUser(name))
      output.say(`${name} is removed`, { name, removed: true })
    },
  )

  const token = program.command('token').description('tokens for programs, and for this command elsewhere')
  withRole(sub(token, 'create <name>', 'prints a new API token, once'))
    .option('--days <n>', 'how long it is good for', toDays, 90)
    .action(createToken)
  sub(token, 'list', 'all of them, without the tokens themselves').action(listTokens)
  sub(token, 'revoke <name>', 'it ends at once').action(async (name: string, options: CommonOptions) => {
    const { ask, output } = contextOf(options)
    await ask('registry', operations => operations.revokeToken(name))
    output.say(`${name} is revoked`, { name, revoked: true })
  })
}

async function addUser(name: string, { role, site, ...options }: RoleOptions): Promise<void> {
  const context = contextOf(options)
  const invited = await context.ask('enrolment', async operations => {
    const added = await operations.addUser({ name, role: role as never, ...sitesMember(site) })
    await warnOfSites(operations, site)
    return added
  })
  tellLink(invited, context, `${name} is added (${role})`)
}

/** The account is added anyway, because a site may be enrolled later; but a typing error would leave it with nothing to see. */
async function warnOfSites(
  { listPoints }: Pick<Operations, 'listPoints'>,
  sites: readonly string[],
): Promise<void> {
  if (sites.length === 0) return
  const enrolled = [...new Set((await listPoints()).map(({ site }) => site))].sort()
  const unknown = sites.filter(site => !enrolled.includes(site))
  if (unknown.length === 0) return
  const known = enrolled.length === 0 ? 'there is no other site' : `sites are ${listSome(enrolled)}`
  note(`note: nothing is enrolled at ${unknown.join(', ')} yet; ${known}`)
}

const listSome = (names: readonly string[]) =>
  names.slice(0, 20).join(', ') + (names.length > 20 ? ` and ${names.length - 20} more` : '')

async function inviteUser(name: string | undefined, options: CommonOptions): Promise<void> {
  const context = contextOf(options)
  const invited = await context.ask('registry', operations => operations.inviteUser(name))
  tellLink(invited, context, name === undefined ? 'for the first admin' : `for ${name} (${invited.role})`)
}

function tellLink(invited: Invited, { data, config, output, service }: Context, title: string): void {
  const link = signInLink(invited, { data, config, service: service() })
  const { secret: _, ...rest } = invited
  const until = formatLocal(config.zone, invited.expiresAt)
  output.say([title, `  good once, until ${until}:`, `  ${link}`], { ...rest, link })
}

async function listUsers(options: CommonOptions): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const users = await ask('registry', operations => operations.listUsers())
  const rows = users.map(({ name, role, sites = [], enabled, invited, createdAt }) => ({
    name,
    role,
    sites: sites.join(', '),
    state: !enabled ? 'disabled' : invited ? 'invited' : 'active',
    created: formatLocal(config.zone, createdAt),
  }))
  output.table(rows, users)
}

async function createToken(
  name: string,
  { role, site, days, ...options }: RoleOptions & { days: number },
): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const created = await ask('enrolment', async operations => {
    const made = await operations.createToken({ name, role: role as never, ...sitesMember(site), days })
    await warnOfSites(operations, site)
    return made
  })
  const until = formatLocal(config.zone, created.expiresAt)
  output.say(
    [`${name} (${role}) is good until ${until}; the token, shown this once:`, created.token],
    created,
  )
}

async function listTokens(options: CommonOptions): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const tokens = await ask('registry', operations => operations.listTokens())
  const rows = tokens.map(({ name, role, sites = [], createdAt, expiresAt, lastUsedAt }) => ({
    name,
    role,
    sites: sites.join(', '),
    created: formatLocal(config.zone, createdAt),
    expires: formatLocal(config.zone, expiresAt),
    used: lastUsedAt === undefined ? 'never' : formatLocal(config.zone, lastUsedAt),
  }))
  output.table(rows, tokens)
}

function toDays(text: string): number {
  const days = Number(text)
  if (!Number.isSafeInteger(days) || days < 1)
    throw new InvalidArgumentError('it must be a whole number from 1 on')
  return days
}
