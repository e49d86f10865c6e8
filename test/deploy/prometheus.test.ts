import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { run } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { type LintelNode, startEdgeAndCentre } from '../support/nodes.ts'
import { needsProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { asked, dashboards, fillIn } from './dashboards.ts'
import { readRoot, root } from './dockerfile.ts'

const install = 'apt-get install prometheus'
const rules = readRoot('deploy/prometheus/rules.yml')
const apiOf = ({ data }: LintelNode) => findEndpoint(dataPaths(data), 'api')!
const asOperator = (node: LintelNode) => ({ headers: { authorization: `Bearer ${apiOf(node).token}` } })

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('promtool takes the configuration and the rules, and the alerts fire when they should', async context => {
  needsProgram(context, 'promtool', install)
  const deployed = (name: string) => join(root, 'deploy/prometheus', name)
  // The file of the token is there where it is deployed.
  expect(
    await run('promtool', ['check', 'config', '--syntax-only', deployed('prometheus.yml')]),
  ).toMatchObject({ code: 0 })
  expect(await run('promtool', ['test', 'rules', deployed('rules.test.yml')])).toMatchObject({ code: 0 })
})

test('every alert says what it is in Chinese and English', () => {
  const alerts = rules.split('- alert:').slice(1)
  expect(alerts.length).toBeGreaterThan(10)
  for (const alert of alerts) {
    expect(alert).toMatch(/severity: (?:critical|warning)/)
    expect(alert).toMatch(/summary: "[^\u4e00-\u9fff]+"\n/)
    expect(alert).toMatch(/summary_zh: ".*[\u4e00-\u9fff].*"\n/)
  }
})

test('an edge and its centre have every metric that is asked for, and Prometheus answers for them', {
  timeout: 120_000,
}, async context => {
  const metricsTokenFile = join(await temporaryDirectory(), 'metrics-token')
  writeFileSync(metricsTokenFile, 'what-prometheus-shows\n')
  const { edge, centre } = await startEdgeAndCentre(1, {}, { tagger: { workers: 0 }, http: { metricsTokenFile } }) // biome-ignore format: one line
  const texts = await Promise.all(
    [edge, centre].map(async node => (await fetch(`${apiOf(node).url}/metrics`, asOperator(node))).text()),
  )
  const exposed = new Set(
    texts.flatMap(text => [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)),
  )
  const expressions = asked('prometheus').map(({ text }) => fillIn(text))
  const alerts = [...rules.matchAll(/ expr: (.*)$/gm)].map(([, expr]) => expr!)
  const variables = dashboards.flatMap(({ templating }) => templating.list.map(({ query }) => query))
  for (const text of [...expressions, ...alerts, ...variables])
    for (const [name] of text.matchAll(/\blintel_\w+/g)) expect(exposed).toContain(name)

  needsProgram(context, 'promtool', install)
  for (const text of texts)
    expect(await run('promtool', ['check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' })

  needsProgram(context, 'prometheus', install)
  const place = await temporaryDirectory()
  const targets = [edge, centre].map(node => new URL(apiOf(node).url).host)
  const configuration = readRoot('deploy/prometheus/prometheus.yml')
    .replace('["lintel:8080"]', JSON.stringify(targets))
    .replaceAll('15s', '1s')
    .replace('/run/secrets/metrics-token', metricsTokenFile)
  expect(configuration).toContain(targets[0])
  writeFileSync(join(place, 'prometheus.yml'), configuration)
  writeFileSync(join(place, 'rules.yml'), rules)
  mkdirSync(join(place, 'data'))
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(place, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(place, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const ask = async (query: string) => {
    const answer = await fetch(`http://${address}/api/v1/query?${new URLSearchParams({ query })}`)
    return (await answer.json()) as { status: string; error?: string; data?: { result: unknown[] } }
  }
  await eventually(async () => (await ask('up{job="lintel"} == 1')).data?.result.length === 2, 20_000)
  await eventually(async () => (await ask('count_over_time(lintel_journal_end[1m]) > 1')).data?.result.length === 2, 10_000) // biome-ignore format: one question
  for (const query of [...expressions, ...alerts])
    expect(await ask(query), query).toMatchObject({ status: 'success' })
  // Of these nothing has happened yet; all others have a value.
  const quiet = /refusals_total/
  for (const query of expressions.filter(text => !quiet.test(text)))
    expect((await ask(query)).data!.result.length, query).toBeGreaterThan(0)
})
