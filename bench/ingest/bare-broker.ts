import { createServer } from 'node:net'
import { Aedes } from 'aedes'

/** What everything is measured against: aedes as it comes, which acks and keeps nothing. */
const broker = await Aedes.createBroker()
const server = createServer(broker.handle as never)
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }))
