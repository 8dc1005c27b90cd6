/** A binary heap: the smallest first. What compares equal comes out in any order. */
export interface Heap<Item> {
  readonly size: number;
  push(item: Item): void;
  peek(): Item | undefined;
  pop(): Item | undefined;
}

export function heap<Item>(comesBefore: (one: Item, other: Item) => boolean): Heap<Item> {
  const items: Item[] = [];

  function rise(item: Item): void {
    let at = items.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !comesBefore(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  function sink(item: Item): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = items[below];
      if (child === undefined) break;
      const right = items[below + 1];
      if (right !== undefined && comesBefore(right, child)) {
        below += 1;
        child = right;
      }
      if (!comesBefore(child, item)) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  }

  return {
    get size() {
      return items.length;
    },
    push: rise,
    peek: () => items[0],
    pop() {
      const [first] = items;
      const last = items.pop();
      if (last !== undefined && items.length > 0) sink(last);
      return first;
    },
  };
}
