import type { ChannelConfig } from '../../config/alerts.ts'

/** Finds channels that can never send anything, because no device is enrolled at any of their sites. */
export function silentChannels(
  configured: Readonly<Record<string, ChannelConfig>>,
  enrolled: readonly { readonly site: string }[],
): { readonly channel: string; readonly sites: readonly string[] }[] {
  const known = new Set(enrolled.map(({ site }) => site))
  return Object.entries(configured).flatMap(([channel, { sites }]) =>
    sites === undefined || sites.some(site => known.has(site)) ? [] : [{ channel, sites }],
  )
}
