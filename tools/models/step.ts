import type { OnnxGraph } from './onnx-graph.ts'
import type { Value } from './order.ts'
import type { TfNode } from './tfjs-graph.ts'

/** Everything an operator is converted from. */
export interface Step {
  readonly graph: OnnxGraph
  readonly node: TfNode
  readonly inputs: readonly Value[]
  /** Each run chooses height and width of the input: nothing may depend on them. */
  readonly anySize: boolean
}
