import type { ErrorCode } from '../../core/errors.ts'
import { holdsPersonalNumber } from '../contract/personal-number.ts'
import { type Device, isAtPoint, type NewDevice, ruleBrokenBy, speaksFor } from './device.ts'

export type Announced = { readonly outcome: 'enrolled' | 'moved' | 'unchanged' } | AnnouncementRefused

export interface AnnouncementRefused {
  readonly outcome: 'refused'
  /** DEVICE_INVALID: a retry never succeeds. PUBLISH_TOPIC_FOREIGN: a retry succeeds once the gateway speaks for other sites. */
  readonly code: Extract<ErrorCode, 'DEVICE_INVALID' | 'PUBLISH_TOPIC_FOREIGN'>
  readonly reason: string
}

/** The reason why a gateway may not announce this of a device; undefined if it may. Pure. */
export function judgeAnnouncement(
  gateway: Device | undefined,
  known: Device | undefined,
  row: unknown,
): AnnouncementRefused | undefined {
  const refused = (code: AnnouncementRefused['code'], reason: string) =>
    ({ outcome: 'refused', code, reason }) as const
  const fault = faultOfAnnounced(row)
  if (fault !== undefined) return refused('DEVICE_INVALID', fault)
  const { device, site } = row as NewDevice
  if (gateway?.kind !== 'gateway' || !gateway.enabled)
    return refused('PUBLISH_TOPIC_FOREIGN', `only a gateway says where ${device} stands`)
  const { device: account } = gateway
  if (known !== undefined && !isAtPoint(known.kind))
    return refused('PUBLISH_TOPIC_FOREIGN', `${device} is a ${known.kind}: ${account} cannot speak for it`)
  if (!speaksFor(gateway, site)) {
    const what = `${account} may not speak for ${device} of site ${site}: give the account that site`
    return refused('PUBLISH_TOPIC_FOREIGN', `${what}, at the centre: ${commandWith(gateway, site)}`)
  }
  if (known !== undefined && !speaksFor(gateway, known.site)) {
    const what = `${account} may not speak for ${device}: here that is a device of site ${known.site}`
    return refused(
      'PUBLISH_TOPIC_FOREIGN',
      `${what}; move it with lintel device add, or give one of the two another id`,
    )
  }
  return undefined
}

/** The whole command, with all sites: one with fewer sites would take the others away. */
function commandWith({ device, site, building, point, sites = [] }: Device, further: string): string {
  const also = [...sites, further].map(name => `--also-site '${name}'`).join(' ')
  const place = `--site '${site}' --building '${building}' --point '${point}'`
  return `lintel device add ${device} --kind gateway ${place} ${also}`
}

/** Plate numbers of the mainland: a province, a letter, five or six more characters. */
const plate =
  /[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·. _-]?[A-Z0-9]{4,5}[A-Z0-9挂学警港澳]/iu

function faultOfAnnounced(row: unknown): string | undefined {
  const fault = ruleBrokenBy(row)
  if (fault !== undefined) return fault
  const { kind, device, site, building, point } = row as NewDevice
  if (!isAtPoint(kind)) return 'kind must be terminal or checkpoint'
  const texts = Object.entries({ device, site, building, point })
  const personal = texts.find(([, text]) => holdsPersonalNumber(text) || plate.test(text))
  return personal && `${personal[0]} must not hold a person's number or a plate`
}
