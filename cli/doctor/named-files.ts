import { readFileSync } from 'node:fs'
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
 * What is wrong with the files that a configuration names, a line each, and with the rules that its channels name: read as
 * the service reads them at its start, so that what passes here starts.
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
