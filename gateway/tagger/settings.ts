import type { Config } from '../../config/config.ts'

/** What the supervisor hands to the tagger's process. */
export interface TaggerSettings {
  readonly data: string
  readonly config: Config
}

/** The name of this consumer's cursor. */
export const taggerConsumer = 'tagger'
