import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkPlace, checkReportedStatus, checkSighting } from '../../devices/contract/gateway-messages.ts'
import { dataSchemas, eventTypes } from '../../devices/contract/kinds.ts'
import { checkEvent, checkStatus } from '../../devices/contract/validate.ts'
import { judgeAnnouncement } from '../../devices/registry/announcement.ts'
import { type Device, ruleBrokenBy } from '../../devices/registry/device.ts'
import { admitEvents } from '../../gateway/admit/admit-events.ts'
import { admitSightings } from '../../gateway/admit/admit-sightings.ts'
import { passageData } from '../support/messages.ts'
import { someMoment, somewhere } from '../support/records.ts'

const gateway = {
  device: 'edge-1', kind: 'gateway', site: 'nanshe', building: 'b', point: 'p', zone: 'UTC',
  enabled: true, place: 1, tokenHash: '', enrolledAt: 0,
} as Device // biome-ignore format: one device

const reasonOf = (answer: unknown) => (answer as { fault?: { reason: string } }).fault?.reason
/** Everything whose reason is parked, logged or told. */
const validators: Record<string, (value: unknown) => string | undefined> = {
  event: value => reasonOf(checkEvent(value)),
  status: value => reasonOf(checkStatus(value)),
  'status of a gateway': value => reasonOf(checkReportedStatus(value)),
  place: value => reasonOf(checkPlace(value)),
  sighting: value => reasonOf(checkSighting(value)),
  'row of a device': ruleBrokenBy,
  announcement(value) {
    const answer = judgeAnnouncement(gateway, undefined, value)
    // Of what is right in itself the names are told to whoever is to give the account its site.
    return answer?.code === 'DEVICE_INVALID' ? answer.reason : undefined
  },
  'event message': value =>
    told(admitEvents(Buffer.from(JSON.stringify(value) ?? ''), somewhere, someMoment).faults),
  'sighting message': value =>
    told(admitSightings(Buffer.from(JSON.stringify(value) ?? ''), somewhere, someMoment).faults),
}
const told = (faults: readonly { reason: string }[]) => faults.map(({ reason }) => reason).join(' ')

const secret = 'qZ7x'
const secretNumber = 777_131_777
const members = new Set([
  'id', 'type', 'time', 'data', 'device', 'kind', 'site', 'building', 'point', 'zone', 'sites', 'household', 'state', 'skewed',
  ...Object.values(dataSchemas).flatMap(schema => Object.keys(schema.properties)),
]) // biome-ignore format: names
const value = fc.oneof(
  fc.constant(secret),
  fc.constant(`13812345678${secret}`),
  fc.constant(`${secret} 王小明`),
  fc.constant(secretNumber),
  fc.constant(-secretNumber),
  fc.constant([secret]),
  fc.constant([{ kind: secret, score: secretNumber }]),
  fc.constant({ [secret]: secret }),
  fc.constant(null),
  fc.boolean(),
)
const valid = fc.constantFrom<Record<string, unknown>>(
  ...eventTypes.map(type => ({ id: 'a', type, time: '2026-11-21T08:30:00Z', data: { ...passageData } })),
  { id: 'a', type: 'health', time: '2026-11-21T08:30:00Z', data: { uptimeS: 1 } },
  { id: 'a', time: '2026-11-21T08:30:00Z', data: { outcome: 'seen', person: 1 } },
  { id: 'a', time: '2026-11-21T08:30:00Z', state: 'online' },
  { device: 'd1', kind: 'terminal', site: 'nanshe', building: 'b', point: 'p', zone: 'UTC' },
)
const name = fc.oneof(fc.constantFrom(...members), fc.constant(secret), fc.constant(`/${secret}`))
const spoilt = fc
  .tuple(valid, fc.dictionary(name, value, { maxKeys: 3 }), fc.dictionary(name, value, { maxKeys: 3 }))
  .map(([base, outer, inner]) => ({
    ...base,
    ...(typeof base.data === 'object' ? { data: { ...base.data, ...inner } } : {}),
    ...outer,
  }))
const anything = fc.oneof(spoilt, spoilt, spoilt, value, fc.array(spoilt, { maxLength: 3 }))

describe('a reason names the member and the rule, and no word of what was sent', () => {
  for (const [title, reason] of Object.entries(validators)) {
    test(`of a ${title}`, () => {
      fc.assert(
        fc.property(anything, sent => {
          const said = reason(structuredClone(sent)) ?? ''
          expect(said).not.toMatch(/qZ7x|777131777|王|138123/)
        }),
        { numRuns: 1500 },
      )
    })
  }
})
