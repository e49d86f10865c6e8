import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../config/config.ts'
import { needsProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { readRoot, root } from './dockerfile.ts'

interface Service {
  image: string
  build?: string
  profiles?: string[]
  user?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  restart?: string
  mem_limit?: string
  ports?: string[]
  volumes?: string[]
  secrets?: string[]
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
  stop_grace_period?: string
}

interface Compose {
  services: Record<string, Service>
  volumes: Record<string, null>
  secrets: Record<string, { file: string }>
}

const files = ['docker-compose.yml', 'docker-compose.influx.yml', 'docker-compose.watch.yml']
const read = (name: string) => parse(readRoot(name), { merge: true }) as Compose
const [alone, influx, watch] = files.map(read) as [Compose, Compose, Compose]
/** An override adds to the lists of what it overrides. */
const services = { ...alone.services, influxdb: influx.services.influxdb! }
const named = Object.entries(services)

describe('docker compose', () => {
  test.each(named)('%s runs with as little as it needs', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
    })
    expect(service.image).toMatch(/:v?\d+\.\d+\.\d+$/)
    for (const port of service.ports ?? []) expect(port).toMatch(/^\$\{[A-Z_]+:-127\.0\.0\.1:\d+\}:\d+$/)
    // Ours is in its image.
    expect(service.build === '.' || service.healthcheck !== undefined).toBe(true)
    for (const { condition } of Object.values(service.depends_on ?? {}))
      expect(condition).toBe('service_healthy')
  })

  test('without a profile or a second file only the service itself runs', () => {
    expect(named.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)).toEqual([
      'lintel',
      'influxdb',
    ])
    expect(Object.keys(alone.services)).not.toContain('influxdb')
    expect(alone.services.lintel!.secrets).toBeUndefined()
  })

  test('every file, volume and secret that a service names is there', () => {
    for (const { services: all } of [alone, influx, watch]) {
      for (const service of Object.values(all)) {
        for (const volume of service.volumes ?? []) {
          const [from] = volume.split(':') as [string]
          if (from.startsWith('./')) expect(existsSync(join(root, from)), from).toBe(true)
          else expect(Object.keys({ ...alone.volumes, ...influx.volumes })).toContain(from)
        }
        for (const secret of service.secrets ?? [])
          expect(Object.keys({ ...alone.secrets, ...influx.secrets })).toContain(secret)
      }
    }
    expect(readRoot('.gitignore')).toContain('/secrets/')
  })

  test('.env.example names every variable, with the default that is in force without it', () => {
    const used = files.flatMap(name => [...readRoot(name).matchAll(/\$\{([A-Z_]+):-([^}]+)\}/g)])
    const lines = new Set(readRoot('.env.example').split('\n'))
    for (const [, name, fallback] of used) expect(lines).toContain(`${name}=${fallback}`)
  })

  test.each(['lintel.yaml', 'lintel-influx.yaml'])('the configuration %s of the image is valid', name => {
    const config = readConfig(join(root, 'deploy/container', name))
    expect(config.mqtt.tcp).toEqual({ host: '0.0.0.0', port: 1883 })
    expect(config.http).toMatchObject({ host: '0.0.0.0', port: 8080 })
    const { influx: settings } = config.store
    const environment = (influx.services.influxdb as unknown as { environment: Record<string, string> })
      .environment
    if (settings !== undefined)
      expect([settings.org, settings.bucket]).toEqual([
        environment.DOCKER_INFLUXDB_INIT_ORG,
        environment.DOCKER_INFLUXDB_INIT_BUCKET,
      ])
  })

  for (const chosen of [files.slice(0, 1), files]) {
    test(`docker-compose takes ${chosen.join(' and ')}`, async context => {
      needsProgram(context, 'docker-compose', 'apt-get install docker-compose')
      const place = await temporaryDirectory()
      for (const name of chosen) writeFileSync(join(place, name), readFileSync(join(root, name)))
      const options = chosen.flatMap(name => ['-f', name])
      const said = execFileSync('docker-compose', [...options, '--profile', 'watch', 'config'], {
        cwd: place,
      })
      const merged = parse(String(said)) as Compose
      expect(Object.keys(merged.services)).toContain('grafana')
      if (chosen.length > 1) expect(merged.services.grafana!.volumes).toHaveLength(7)
    })
  }
})
