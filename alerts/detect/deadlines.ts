/** Keys by due time, the earliest first; keys due at the same time come in the order of their names. */
export interface Deadlines {
  add(due: number, key: string): void
  /** The earliest, without removing it. */
  peek(): readonly [due: number, key: string] | undefined
  take(): readonly [due: number, key: string] | undefined
  size(): number
}

type Entry = readonly [due: number, key: string]

export function createDeadlines(): Deadlines {
  const heap: Entry[] = []
  const before = (a: Entry, b: Entry) => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])
  const swap = (i: number, j: number) => {
    const held = heap[i]!
    heap[i] = heap[j]!
    heap[j] = held
  }
  function rise(index: number): void {
    for (let i = index; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!before(heap[i]!, heap[parent]!)) return
      swap(i, parent)
      i = parent
    }
  }
  function sink(): void {
    for (let i = 0; ; ) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child
      }
      if (least === i) return
      swap(i, least)
      i = least
    }
  }
  return {
    add(due, key) {
      heap.push([due, key])
      rise(heap.length - 1)
    },
    peek: () => heap[0],
    take() {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined) return undefined
      if (heap.length > 0) {
        heap[0] = last
        sink()
      }
      return first
    },
    size: () => heap.length,
  }
}
