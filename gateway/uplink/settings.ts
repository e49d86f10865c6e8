import type { Config } from '../../config/config.ts'

/** The settings that the supervisor sends to the uplink's process. */
export interface UplinkSettings {
  readonly data: string
  readonly config: Config
}

/** The name of this consumer's cursor. */
export const uplinkConsumer = 'uplink'
