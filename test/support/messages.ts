import type { IPublishPacket } from 'mqtt-packet'

export const passageData = { direction: 'in', result: 'granted', method: 'card', holder: 'resident' } as const

/** A passage as a device publishes it, now. */
export const event = (id: string, change: object = {}) => ({
  id,
  type: 'passage',
  time: new Date().toISOString(),
  data: passageData,
  ...change,
})

export const publish = (
  topic: string,
  payload: unknown,
  messageId = 1,
  change: Partial<IPublishPacket> = {},
): IPublishPacket => {
  const bytes = Buffer.isBuffer(payload) || typeof payload === 'string' ? payload : JSON.stringify(payload)
  return { cmd: 'publish', topic, payload: bytes, qos: 1, messageId, dup: false, retain: false, ...change }
}

export const publishEvent = (
  device: string,
  id: string,
  messageId = 1,
  change: Partial<IPublishPacket> = {},
) => publish(`lintel/v1/${device}/event`, event(id), messageId, change)

/** Looks like a JPEG to the gateway, which reads no further than its first bytes. */
export const jpeg = (bytes = 1000) =>
  Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(bytes - 4, 7)])
