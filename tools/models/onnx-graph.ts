/** An ONNX graph being built: nodes in the order in which they run, and their constants. */
export type Attribute = number | string | readonly number[] | { readonly float: number }

export interface OnnxNode {
  readonly op: string
  /** Name of the source node it comes from, so that a viewer shows both graphs alike. */
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

export interface Initializer {
  readonly name: string
  readonly type: 'float32' | 'float16' | 'int64'
  readonly shape: readonly number[]
  readonly data: Float32Array | Uint16Array | BigInt64Array
}

export interface Port {
  readonly name: string
  readonly type: 'float32' | 'uint8'
  /** A word stands for a length that may differ in each run. */
  readonly shape: readonly (number | string)[]
}

export class OnnxGraph {
  nodes: OnnxNode[] = []
  initializers: Initializer[] = []
  readonly inputs: Port[] = []
  readonly outputs: Port[] = []
  readonly #names = new Map<string, number>()

  /** Returns the name of the node's output. */
  add(op: string, name: string, inputs: readonly string[], attributes: OnnxNode['attributes'] = {}): string {
    return this.addSplit(op, name, inputs, attributes, 1)[0]!
  }

  addSplit(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: OnnxNode['attributes'],
    count: number,
  ): string[] {
    const unique = this.#unique(name)
    const outputs = Array.from({ length: count }, (_, index) => (count === 1 ? unique : `${unique}:${index}`))
    this.nodes.push({ op, name: unique, inputs, outputs, attributes })
    return outputs
  }

  floats(name: string, data: Float32Array, shape: readonly number[]): string {
    const unique = this.#unique(name)
    this.initializers.push({ name: unique, type: 'float32', shape, data })
    return unique
  }

  integers(name: string, values: readonly number[]): string {
    const unique = this.#unique(name)
    this.initializers.push({
      name: unique,
      type: 'int64',
      shape: [values.length],
      data: BigInt64Array.from(values, BigInt),
    })
    return unique
  }

  #unique(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1
    this.#names.set(name, count)
    return count === 1 ? name : `${name}~${count}`
  }
}
