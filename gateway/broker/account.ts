import { LintelError } from '../../core/errors.ts'
import { type DeviceId, deviceIdPattern } from '../../core/words.ts'
import type { AnnouncedPlace } from '../../devices/contract/gateway-messages.ts'
import { type Device, isAtPoint, samePlace, speaksFor, standsAt } from '../../devices/registry/device.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { Sender } from '../admit/admit.ts'
import type { Feedback } from '../admit/feedback.ts'

/** A gateway sent something for a device that is not of its sites. */
export class ForeignDevice extends LintelError {
  readonly about: DeviceId | undefined

  constructor(about: DeviceId | undefined, reason: string) {
    super('PUBLISH_TOPIC_FOREIGN', reason)
    this.about = about
  }
}

const deviceId = new RegExp(deviceIdPattern)

/**
 * The account of a connected gateway: the devices that it speaks for. Each is looked up once, and again after the
 * registry has changed.
 */
export class Account {
  readonly #registry: Registry
  readonly #feedback: Feedback
  readonly #weigh: (records: number) => void
  readonly #senders = new Map<DeviceId, Sender>()
  #gateway: Device

  constructor(gateway: Device, registry: Registry, feedback: Feedback, weigh: (records: number) => void) {
    this.#gateway = gateway
    this.#registry = registry
    this.#feedback = feedback
    this.#weigh = weigh
  }

  /** The device as a sender through this gateway; undefined if it is not known or not of its sites. */
  senderFor(device: DeviceId): Sender | undefined {
    const known = this.#senders.get(device)
    if (known !== undefined) return known
    const found = this.#find(device)
    if (found === undefined) return undefined
    const sender: Sender = {
      device,
      place: standsAt(found),
      feedback: this.#feedback.about(device),
      via: this.#gateway.device,
      weigh: this.#weigh,
    }
    this.#senders.set(device, sender)
    return sender
  }

  /** True if the registry says the same already. */
  isKnown(device: DeviceId, { kind, household, ...place }: AnnouncedPlace): boolean {
    const found = this.#find(device)
    if (found === undefined || found.kind !== kind || !samePlace(found, { device, ...place })) return false
    if (household && !found.household) return false
    return found.via === undefined || found.via === this.#gateway.device
  }

  /** Call it when the device has been announced again. */
  forget(device: DeviceId): void {
    this.#senders.delete(device)
  }

  /** Call it when the registry has changed. */
  follow(gateway: Device): void {
    this.#gateway = gateway
    this.#senders.clear()
  }

  #find(device: DeviceId): Device | undefined {
    const found = deviceId.test(device) ? this.#registry.get(device) : undefined
    const isOwn = found !== undefined && isAtPoint(found.kind) && speaksFor(this.#gateway, found.site)
    return isOwn ? found : undefined
  }
}
