import { eventTopic } from '../../devices/contract/topics.ts'
import type { DeviceWithToken } from '../simulated-devices.ts'

/** Commands to try in another terminal; `seen` is the door whose picture is shown. */
export function instructions(
  { device, token }: DeviceWithToken,
  { host, port }: { readonly host: string; readonly port: number },
  data: string,
  seen: string,
): string {
  const event =
    '{"id":"1","type":"passage","time":"\'$(date -u +%FT%TZ)\'","data":{"direction":"in","result":"granted","method":"card"}}'
  return [
    'publish an event of your own, from another terminal (the same id again counts once):',
    '',
    `  mosquitto_pub -h ${host} -p ${port} -q 1 -i ${device} -u ${device} -P ${token} \\`,
    `    -t ${eventTopic(device)} -m '${event}'`,
    '',
    'and ask for it:',
    '',
    `  npx --no-install lintel flow --data ${data} --every 1d --by point`,
    `  npx --no-install lintel ledger --data ${data}`,
    '',
    'the four weeks before, as a map of hours by weekdays:',
    '',
    `  npx --no-install lintel flow --data ${data} --last 4w --by day-of-week,hour-of-day --plot`,
    '',
    'see what a camera saw, redacted, with its boxes:',
    '',
    `  npx --no-install lintel snapshot list --data ${data}`,
    `  npx --no-install lintel snapshot show ${seen} --data ${data} --out picture.jpg`,
    '',
    'within the next four minutes one of everything goes wrong; in up to twelve the canteen is too full, and some time',
    'later the market is found to be empty. What the service itself says of its disk and database is part of the play:',
    '',
    `  npx --no-install lintel alerts list --data ${data}`,
  ].join('\n')
}
