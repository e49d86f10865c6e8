import { LintelError } from '../../core/errors.ts'
import { answerFlow } from '../../flow/query.ts'
import { readDeleted } from '../../ingest/retention/deleted.ts'
import { audited } from '../audit/audited.ts'
import { takeLedger } from '../ledger.ts'
import { createAccessOperations } from './access-operations.ts'
import { createAlertOperations } from './alert-operations.ts'
import { createBackfillOperations } from './backfill-operations.ts'
import { createChannelOperations } from './channel-operations.ts'
import { createDeviceOperations } from './device-operations.ts'
import { createExportOperations } from './export-operations.ts'
import { createFlowScopes } from './flow-scope.ts'
import type { OperationParts } from './operation-parts.ts'
import type { OperationsFor } from './operations.ts'
import { createOverviewOperations } from './overview-operations.ts'
import { createRetentionOperations } from './retention-operations.ts'
import { createRuleOperations } from './rule-operations.ts'
import { createSnapshotOperations } from './snapshot-operations.ts'
import { createStatusOperations } from './status-operations.ts'

/** The operations on the parts themselves, in the process that owns the registry. */
export function createOperations(parts: OperationParts): OperationsFor {
  const { journal, store, uplink, control, access, clock, defaultZone } = parts
  const scopeOf = createFlowScopes(parts)
  const accessOperations = createAccessOperations(access, clock)
  const exportOperations = createExportOperations(parts)
  const backfillOperations = createBackfillOperations(parts)

  function findParked(key: number) {
    const found = journal.findParked(key)
    if (found === undefined) throw new LintelError('PARKED_NOT_FOUND', `nothing is parked under ${key}`)
    return found
  }

  return viewer =>
    audited(
      {
        ...createDeviceOperations(parts, viewer),
        ...createSnapshotOperations(parts, viewer),
        ...accessOperations,
        ...createRetentionOperations(parts, viewer),
        ...createStatusOperations(parts),
        ...createOverviewOperations(parts),
        ...createAlertOperations(parts, viewer),
        ...createChannelOperations(parts),
        ...createRuleOperations(parts, viewer),
        ...exportOperations(viewer),
        ...backfillOperations,
        async flow(question) {
          if (store === undefined)
            throw new LintelError(
              'STORE_UNAVAILABLE',
              'this is a gateway alone: ask the centre that it reports to',
            )
          return answerFlow({ ...question, zone: question.zone ?? defaultZone }, store, scopeOf(viewer))
        },
        ledger: () =>
          takeLedger(journal, store ?? uplink, parts.retention && readDeleted(parts.retention.deletions)),
        listParked: async limit => journal.parked(limit),
        showParked: async key => findParked(key),
        async replayParked(key) {
          findParked(key)
          return control.replay(key)
        },
        async dropParked(key) {
          findParked(key)
          await control.drop(key)
        },
      },
      viewer,
      access.audit,
    )
}
