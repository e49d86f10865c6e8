import { createMemoryState } from '../../core/state/memory-state.ts'
import { stateContract } from './state-contract.ts'

stateContract('memory', async () => createMemoryState())
