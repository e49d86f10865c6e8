import type { Encoder } from './encoder.ts'

export const arrow: Encoder = {
  mediaType: 'application/vnd.apache.arrow.file',
  suffix: 'arrow',
  appends: false,
  async *encode(source, { onBatch } = {}) {
    // Loads Arrow's library only when needed: it is larger than all other formats together.
    const { encodeArrow } = await import('./arrow-file.ts')
    yield* encodeArrow(source, onBatch)
  },
}
