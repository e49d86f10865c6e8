import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { channelFaults } from '../../alerts/notify/read-channels.ts'
import { ruleNames } from '../../alerts/rules/rule-description.ts'
import type { Config } from '../../config/config.ts'
import { messageOf } from '../../core/errors.ts'
import { fileFault } from '../../core/files.ts'
import { tlsOptions } from '../../gateway/broker/tls.ts'
import { readKey } from '../../gateway/snapshots/originals.ts'
import { readInfluxSettings } from '../../ingest/store/influx-settings.ts'
import { readModelFile } from '../../models/model-file.ts'

/**
 * Faults of the files that a configuration names, and of the rules that its channels name, one line each. They are read
 * as the service reads them at its start, so a configuration that passes here starts.
 */
export function namedFileFaults(config: Config): string[] {
  const { snapshots, store, tagger, uplink } = config
  const readings: (() => unknown)[] = []
  if (snapshots.originals !== undefined) readings.push(() => readKey(snapshots.originals!.keyFile))
  if (store.influx !== undefined) readings.push(() => readInfluxSettings(store.influx!))
  if (uplink !== undefined) readings.push(() => read('uplink.tokenFile', uplink.tokenFile))
  if (uplink?.caFile !== undefined) readings.push(() => read('uplink.caFile', uplink.caFile!))
  const { manifest, workers } = tagger
  if (manifest !== undefined && workers > 0) readings.push(() => readModel(manifest))
  return [...readings.flatMap(faultOf), ...reloadableFaults(config)]
}

/** The same for what a running service reads again: certificates, and what channels name. */
export function reloadableFaults({ mqtt, alerts }: Config): string[] {
  const named = [['tls', mqtt.tls], ['websocket.tls', mqtt.websocket?.tls]] as const // biome-ignore format: one line
  const readings = named.flatMap(([name, files]) =>
    files === undefined ? [] : [() => tlsOptions(name, files, 0)],
  )
  return [...readings.flatMap(faultOf), ...channelFaults(alerts.channels, ruleNames)]
}

/**
 * Unreadable files that a configuration names under keys ending with `File`, one line each. They are found whatever
 * else is wrong with it, so that one run reports everything. Empty if the configuration is not YAML.
 */
export function unreadableFiles(path: string): string[] {
  const faults: string[] = []
  const walk = (value: unknown, key: string) => {
    if (typeof value === 'string') {
      if (/File$/.test(key)) faults.push(...faultOf(() => read(key, value)))
    } else if (typeof value === 'object' && value !== null)
      for (const [name, part] of Object.entries(value)) walk(part, key === '' ? name : `${key}.${name}`)
  }
  try {
    walk(parse(readFileSync(path, 'utf8')), '')
  } catch {
    // Reading the configuration reports its own faults.
  }
  return faults
}

function faultOf(read: () => unknown): string[] {
  try {
    read()
    return []
  } catch (error) {
    return [messageOf(error)]
  }
}

function read(key: string, path: string): void {
  try {
    readFileSync(path)
  } catch (error) {
    throw new Error(`${key} cannot be read: ${path}: ${fileFault(error)}`)
  }
}

function readModel(manifest: string): void {
  try {
    readModelFile(manifest)
  } catch (error) {
    throw new Error(`tagger.manifest: ${manifest}: ${messageOf(error)}`)
  }
}
