import { flowHigh, flowLow } from './flow-rules.ts'
import type { Described, Rule } from './rule.ts'
import { cameraBlind } from './rules/camera-blind.ts'
import { cameraTurned } from './rules/camera-turned.ts'
import { clockDoubt } from './rules/clock-doubt.ts'
import { clockSkew } from './rules/clock-skew.ts'
import { deletionsHeld } from './rules/deletions-held.ts'
import { deniedBurst } from './rules/denied-burst.ts'
import { deviceOffline } from './rules/device-offline.ts'
import { diskLow } from './rules/disk-low.ts'
import { doorForced } from './rules/door-forced.ts'
import { doorHeld } from './rules/door-held.ts'
import { ebikeIndoors } from './rules/ebike-indoors.ts'
import { idsReused } from './rules/ids-reused.ts'
import { journalLag } from './rules/journal-lag.ts'
import { siteOffline } from './rules/site-offline.ts'
import { storeDown } from './rules/store-down.ts'
import { tailgating } from './rules/tailgating.ts'
import { tamper } from './rules/tamper.ts'
import { wrongWay } from './rules/wrong-way.ts'

/** What is looked for in each record, in the order in which it is asked. */
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

/** All that is looked for: these, and what is looked for in counts. */
export const describedRules: readonly Described[] = [...rules, flowHigh, flowLow]
