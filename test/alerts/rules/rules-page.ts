import type { Described } from '../../../alerts/rules/rule.ts'
import { type ParameterSchema, rangeOf } from '../../../alerts/rules/rule-settings.ts'
import { describedRules } from '../../../alerts/rules/rules.ts'
import { markdownTable } from '../../support/markdown-table.ts'

export const exampleFile = `rules:
  door-held: { heldS: 120 } # everywhere
sites:
  nanshe:
    rules:
      denied-burst: { denials: 8 } # at this site
    points:
      b01/d01: # building/point
        door-held: { heldS: 600 }
        camera-blind: { dark: false }
calendar: # local dates and times
  holidays: { founding day: [2027-03-01], summer: [2027-07-20/2027-08-02] }
  workdays: [2027-03-06]
  occasions: [{ name: fair, from: 2027-04-17T08:00, to: 2027-04-17T18:00 }]
`

export const exampleRecording = `{"device":"nanshe-b01-d01","site":"nanshe","building":"b01","point":"d01","id":"b7-1","type":"door","time":"2026-11-21T08:30:00+08:00","data":{"state":"forced"}}
{"device":"nanshe-b01-d01","site":"nanshe","building":"b01","point":"d01","id":"b7-2","type":"door","time":"2026-11-21T08:30:40+08:00","data":{"state":"closed","openMs":40000}}
`

/** docs/rules.md, from the rules themselves. */
export const rulesPage =
  () => `<!-- Made from alerts/rules by: npx vitest run test/alerts/rules/rules-settings.test.ts -u -->

# Rules

What is looked for in events and pictures: about places and devices, never about people. Each rule tells a condition
once when it is raised and once when it is cleared, with a clear time so that nothing flaps. What comes late (more
than 5 minutes) may end something, and never begins anything. A clock that is set, or an hour in which the service was
down, moves no deadline.

## Parameters

What differs from the defaults is said for all, for a site, for a point; the narrower wins, parameter by parameter.
It is in force within a second, while the service runs, and kept in its last 50 versions. What has begun, such as a door
that is open already, goes on by what was in force then, unless its rule is switched off.

\`\`\`sh
npx --no-install lintel rules show --site nanshe --point b01/d01          # what is in force there, and where each value is said
npx --no-install lintel rules set door-held.heldS=120 denied-burst.denials=8   # everywhere; --dry-run only says what would change
npx --no-install lintel rules set door-held.heldS=600 --site nanshe --point b01/d01
npx --no-install lintel rules unset door-held --site nanshe --point b01/d01
npx --no-install lintel rules history                                     # who set what; rules document --of 3 is what it was then
npx --no-install lintel rules document > rules.yaml                       # all of it, as a file to edit
npx --no-install lintel rules set rules.yaml --if-version 4               # the file is the whole then; not if others set more since
\`\`\`

A file may be YAML or JSON. What is not known or out of its range is refused, with a line for each. A site or a point
where no device stands is taken, with a warning: it may be a slip of the pen.

\`\`\`yaml
${exampleFile}\`\`\`

\`calendar\` stands beside the calendar of a place's zone (China's public holidays and worked weekends, in its zones):
of a day that it names it alone is right. It is for the two rules on flow; [flow-alerts.md](flow-alerts.md) says what it does.

\`\`\`sh
npx --no-install lintel rules show --rules rules.yaml --site nanshe --point b01/d01   # of a file, without asking any service
npx --no-install lintel rules test events.jsonl --rules rules.yaml                    # what would have been said
npx --no-install lintel rules test events.jsonl --in-force                            # by the rules of the service; else by the defaults
\`\`\`

\`lintel rules test\` reads JSON lines: events or arrays of them as devices publish them, with \`device\`, \`site\`,
\`building\` and \`point\` beside or by option, \`received\` where that differs from \`time\`, and \`status\` and
\`sighting\` as further types; or rows of \`lintel export --format jsonl\`, several files at once. \`--live\` judges
what came late, too, as if each had been received when it happened; \`--then 60\` lets an hour go by after the last of them.

\`\`\`json
${exampleRecording}\`\`\`
${describedRules.map(sectionOf).join('')}`

const sectionOf = (rule: Described) => `
## ${rule.name}

${rule.title.en} · ${rule.title.zh}. Of a ${rule.scope}.

${rule.about.en}

${rule.about.zh}

${markdownTable([
  ['parameter', 'meaning', '', 'default', 'range'],
  ...Object.entries(rule.parameters.properties).map(rowOf),
])}
`

function rowOf([name, value]: [string, unknown]): string[] {
  const schema = value as ParameterSchema
  const unit = schema.unit === '' ? '' : ` ${schema.unit}`
  return [`\`${name}\``, schema.title, schema.titleZh, `${String(schema.default)}${unit}`, rangeOf(schema)]
}
