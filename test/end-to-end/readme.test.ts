import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { startService } from '../../bench/service.ts'
import type { FlowAnswer } from '../../flow/answer.ts'
import { lintel, run } from '../support/command.ts'
import { needsProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const readme = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

/** The shell block that holds `text`. */
function blockWith(page: string, text: string): string {
  const block = [...page.matchAll(/```sh\n([\s\S]*?)```/g)]
    .map(([, code]) => code!)
    .find(code => code.includes(text))
  if (block === undefined) throw new Error(`no shell block holds ${text}`)
  return block
}

for (const name of ['README.md', 'README.zh-CN.md']) {
  test(`the mosquitto_pub example of ${name} ends in a row of lintel flow`, async context => {
    needsProgram(context, 'mosquitto_pub', 'apt-get install mosquitto-clients')
    const data = await temporaryDirectory()
    const place = ['--site', 'nanshe', '--building', 'b01', '--point', 'd99']
    const added = await lintel('device', 'add', 'my-door', ...place, '--data', data, '--json')
    const { token } = JSON.parse(added.stdout) as { token: string }
    const service = await startService(data)
    onTestFinished(() => service.stop())
    const command = blockWith(readme(name), 'mosquitto_pub')
      .replace(/TOKEN|令牌/, token)
      .replace('-p 1883', `-p ${service.mqtt.port}`)
    for (let time = 0; time < 2; time++)
      expect(await run('sh', ['-c', command])).toMatchObject({ code: 0, stderr: '' })
    const ask = async () => {
      const { stdout } = await lintel('flow', '--data', data, '--by', 'site,building,point', '--json')
      return (JSON.parse(stdout) as FlowAnswer).rows.map(({ values, count }) => [...values, count])
    }
    await expect.poll(ask, { timeout: 10_000 }).toEqual([['nanshe', 'b01', 'd99', 1]])
  })
}

test('both READMEs name the same commands', () => {
  const commands = (page: string) =>
    [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, code]) =>
      [...code!.matchAll(/^(?:npx|npm|mosquitto_pub)[^#\n]*/gm)].map(([line]) =>
        line.trim().split(' ').slice(0, 3).join(' '),
      ),
    )
  expect(commands(readme('README.zh-CN.md'))).toEqual(commands(readme('README.md')))
})
