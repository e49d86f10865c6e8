import type { Clock } from '../../core/clock.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { Enroller } from './enroller.ts'

/** Uses the registry itself, in the process that writes it. */
export function createRegistryEnroller(registry: Registry, clock: Clock): Enroller {
  return { announce: (gateway, device, place) => registry.announce(gateway, { device, ...place }, clock()) }
}
