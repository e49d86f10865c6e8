import { expect, test } from 'vitest'
import { openAlerts, raisedAt } from '../../support/alerts.ts'

const now = Date.UTC(2026, 10, 24, 3)

test('an alert has 500 lines of what people did, then nothing further but that it is over', async () => {
  const { alerts, record } = openAlerts()
  await record(now, raisedAt(now))
  const { id } = alerts.list({ limit: 1 }).alerts[0]!
  for (let n = 0; n < 500; n++) await alerts.act(id, { do: 'comment', note: `${n}` }, 'li', now)
  const full = { code: 'ALERT_FULL' }
  await expect(alerts.act(id, { do: 'comment', note: 'x' }, 'wu', now)).rejects.toMatchObject(full)
  await expect(alerts.act(id, { do: 'assign', to: 'wu' }, 'wu', now)).rejects.toMatchObject(full)
  expect(await alerts.act(id, { do: 'resolve', outcome: 'real' }, 'wu', now)).toMatchObject({
    status: 'resolved',
  })
  await expect(alerts.act(id, { do: 'resolve', outcome: 'test' }, 'wu', now)).rejects.toMatchObject(full)
  expect(alerts.history(id)).toHaveLength(502)
}, 60_000)
