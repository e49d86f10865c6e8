import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { storeContract } from './store-contract.ts'

storeContract('memory', async () => createMemoryStore())
