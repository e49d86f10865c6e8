import { expect, test } from 'vitest'
import type { OperationParts } from '../../api/operations/operation-parts.ts'
import { createRetentionOperations } from '../../api/operations/retention-operations.ts'
import type { Role } from '../../api/roles.ts'
import { dayMs, hourMs } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { startOfDayIn } from '../../flow/zone.ts'
import type { PictureHolding } from '../../gateway/snapshots/picture-holdings.ts'
import { createDeletions } from '../../ingest/retention/deletions.ts'
import { createRetention } from '../../ingest/retention/retention.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { place, row } from '../ingest/store-batch.ts'
import { passage } from '../support/records.ts'

/** Three in the morning in Shanghai. */
const now = Date.UTC(2026, 10, 20, 19)

async function setUp(agosMs: readonly number[], pictures: PictureHolding[] = [], role: Role = 'admin') {
  const store = createMemoryStore()
  const rows = agosMs.map((ago, i) => row(i + 1, passage({ at: now - ago }), place(i + 1)))
  await store.write({ journal: 'j', rows, next: rows.length })
  const deletions = createDeletions(createMemoryState())
  const startOfDay = startOfDayIn('Asia/Shanghai')
  const days = { passage: 10 }
  const { erase } = createRetention({ store, deletions, days, startOfDay, clock: () => now, onDeletion() {}, onFault() {} }) // biome-ignore format: one line
  const retention = { deletions, days, startOfDay, erase, pictures: async () => pictures }
  return createRetentionOperations({ store, retention, clock: () => now } as unknown as OperationParts, {
    role,
  })
}

test('what there is of each kind is told with its age, its limit and its last deletion', async () => {
  const operations = await setUp([12 * dayMs, 5 * dayMs])
  const [erased] = await operations.eraseRows({ of: { device: 'd2' }, before: now })
  const { rows } = await operations.retention()
  expect(rows.find(({ kind }) => kind === 'passage')).toEqual({ kind: 'passage', rows: 1, bytes: 0, oldestAt: now - 12 * dayMs, days: 10, last: erased }) // biome-ignore format: one line
  expect(rows.find(({ kind }) => kind === 'door')).toEqual({ kind: 'door', rows: 0, bytes: 0 })
  expect(await operations.listDeletions({ limit: 9 })).toEqual([erased])
})

test('an auditor is told thousands and days, so that no event is told by asking again', async () => {
  const holding = { stage: 'redacted', files: 1203, bytes: 9_400_000, oldestAt: now, held: 2, overdue: 1 } as const
  const auditor = await setUp([12 * dayMs, 5 * dayMs], [holding], 'auditor')
  const admin = await setUp([12 * dayMs, 5 * dayMs], [holding])
  expect((await admin.retention()).rows.find(({ kind }) => kind === 'passage')).toMatchObject({ rows: 2, oldestAt: now - 12 * dayMs })
  const today = now - 3 * hourMs
  const { rows, pictures } = await auditor.retention()
  expect(rows.find(({ kind }) => kind === 'passage')).toMatchObject({ rows: 0, oldestAt: today - 12 * dayMs })
  expect(pictures).toEqual([{ ...holding, files: 1000, bytes: 9_000_000, oldestAt: today, held: 0 }])
  await auditor.eraseRows({ of: { device: 'd2' }, before: now })
  expect(await auditor.listDeletions({ limit: 9 })).toMatchObject([{ rows: 0, oldestAt: today - 12 * dayMs }])
}) // biome-ignore format: long lines

const cases = [
  { title: 'of the day that is the first to stay', agoMs: 10 * dayMs + 3 * hourMs - 1, overdue: false },
  { title: 'of the day before, which is a day of limit and three hours old,', agoMs: 10 * dayMs + 3 * hourMs + 1, overdue: true },
  { title: 'that is new', agoMs: 0, overdue: false },
] // biome-ignore format: a table
for (const { title, agoMs, overdue } of cases) {
  test(`a row ${title} is ${overdue ? '' : 'not '}overdue`, async () => {
    const operations = await setUp([agoMs])
    const found = await operations.verifyRetention()
    expect(found).toEqual(overdue ? [{ what: 'passage', limit: now - 10 * dayMs - 3 * hourMs, oldestAt: now - agoMs }] : []) // biome-ignore format: one line
  })
}

test('a picture that should be gone is overdue', async () => {
  const holding = {
    stage: 'redacted',
    files: 3,
    bytes: 9,
    oldestAt: 5,
    keepMs: dayMs,
    held: 1,
    overdue: 2,
  } as const
  const operations = await setUp([], [holding, { ...holding, stage: 'waiting', overdue: 0 }])
  expect(await operations.verifyRetention()).toEqual([{ what: 'redacted', limit: now - dayMs, oldestAt: 5 }])
})

const unclear = [
  { of: { building: 'b01' }, say: /^say of which site, too/ },
  { of: { point: 'd01' }, say: /^say of which site, too/ },
  { of: { site: 'elm', point: 'd01' }, say: /^say of which building, too/ },
]
for (const { of, say } of unclear)
  test(`nothing is erased of ${JSON.stringify(of)}, which other places may be called, too`, async () => {
    const operations = await setUp([0])
    await expect(operations.eraseRows({ of, before: now })).rejects.toMatchObject({
      code: 'API_REQUEST_INVALID',
      message: expect.stringMatching(say),
    })
  })

test('everything of everywhere is not erased at once', async () => {
  const operations = await setUp([0])
  await expect(operations.eraseRows({ of: {}, before: now })).rejects.toMatchObject({
    code: 'API_REQUEST_INVALID',
  })
})

test('a gateway alone says whom to ask', async () => {
  const operations = createRetentionOperations({
    store: undefined,
    clock: () => now,
  } as unknown as OperationParts)
  await expect(operations.retention()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})
