import { expect, test } from 'vitest'
import { silentChannels } from '../../../alerts/notify/silent-channels.ts'
import { parseConfig } from '../../../config/config.ts'

test('a channel is silent for ever where nothing is enrolled at any of its sites', () => {
  const { alerts } = parseConfig({
    alerts: {
      channels: {
        all: { kind: 'log' },
        one: { kind: 'log', sites: ['nansha', 'nanshe'] },
        none: { kind: 'log', sites: ['nansha', 'Nanshe'] },
      },
    },
  })
  const enrolled = [{ site: 'nanshe' }, { site: 'tangxia' }]
  expect(silentChannels(alerts.channels, enrolled)).toEqual([
    { channel: 'none', sites: ['nansha', 'Nanshe'] },
  ])
})
