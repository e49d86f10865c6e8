import { cameraBlind } from './definitions/camera-blind.ts'
import { cameraTurned } from './definitions/camera-turned.ts'
import { clockDoubt } from './definitions/clock-doubt.ts'
import { clockSkew } from './definitions/clock-skew.ts'
import { deletionsHeld } from './definitions/deletions-held.ts'
import { deniedBurst } from './definitions/denied-burst.ts'
import { deviceOffline } from './definitions/device-offline.ts'
import { diskLow } from './definitions/disk-low.ts'
import { doorForced } from './definitions/door-forced.ts'
import { doorHeld } from './definitions/door-held.ts'
import { ebikeIndoors } from './definitions/ebike-indoors.ts'
import { idsReused } from './definitions/ids-reused.ts'
import { journalLag } from './definitions/journal-lag.ts'
import { siteOffline } from './definitions/site-offline.ts'
import { storeDown } from './definitions/store-down.ts'
import { tailgating } from './definitions/tailgating.ts'
import { tamper } from './definitions/tamper.ts'
import { wrongWay } from './definitions/wrong-way.ts'
import { flowHigh, flowLow } from './flow-rules.ts'
import type { Described, Rule } from './rule.ts'

/** Rules applied to each record, in this order. */
export const rules: readonly Rule[] = [
  doorForced,
  doorHeld,
  tailgating,
  deniedBurst,
  ebikeIndoors,
  wrongWay,
  tamper,
  deviceOffline,
  siteOffline,
  cameraBlind,
  cameraTurned,
  clockSkew,
  idsReused,
  journalLag,
  storeDown,
  diskLow,
  clockDoubt,
  deletionsHeld,
]

/** All rules: those for records, and those for counts. */
export const describedRules: readonly Described[] = [...rules, flowHigh, flowLow]
