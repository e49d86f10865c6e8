import type { Config } from '../../config/config.ts'

/** The settings that the supervisor sends to the tagger's process. */
export interface TaggerSettings {
  readonly data: string
  readonly config: Config
}

/** The name of this consumer's cursor. */
export const taggerConsumer = 'tagger'
