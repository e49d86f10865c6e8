import type { Encoder } from './encoder.ts'

export const arrow: Encoder = {
  mediaType: 'application/vnd.apache.arrow.file',
  suffix: 'arrow',
  appends: false,
  async *encode(source, { onBatch } = {}) {
    // Arrow's library is loaded by who asks for it: it is larger than all other formats together.
    const { encodeArrow } = await import('./arrow-file.ts')
    yield* encodeArrow(source, onBatch)
  },
}
