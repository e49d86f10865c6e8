import type { OnnxGraph } from './onnx-graph.ts'
import type { Value } from './order.ts'
import type { TfNode } from './tfjs-graph.ts'

/** What an operator is converted from. */
export interface Step {
  readonly graph: OnnxGraph
  readonly node: TfNode
  readonly inputs: readonly Value[]
  /** Height and width of the input are chosen by each run: nothing may depend on them. */
  readonly anySize: boolean
}
