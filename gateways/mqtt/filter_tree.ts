/**
 * Finds the subscriptions whose filters match a topic.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";

interface Node<Item> {
  readonly children: Map<ByteString, Node<Item>>;
  /** Those whose filter ends here. */
  readonly items: Set<Item>;
  /** Those whose filter has `#` after this level. */
  readonly allBelow: Set<Item>;
}

function createNode<Item>(): Node<Item> {
  return { children: new Map(), items: new Set(), allBelow: new Set() };
}

/**
 * Items by the levels of their filters. To find those of a topic takes time for
 * the filters that begin like it, not for all.
 */
export class FilterTree<Item> {
  readonly #root = createNode<Item>();

  /** Adds an item. Adding it again changes nothing. */
  add(levels: readonly ByteString[], item: Item): void {
    let node = this.#root;
    for (const level of levels) {
      if (level === "#") {
        node.allBelow.add(item);
        return;
      }
      let child = node.children.get(level);
      if (child === undefined) {
        child = createNode();
        node.children.set(level, child);
      }
      node = child;
    }
    node.items.add(item);
  }

  /** Removes an item, and the nodes that have become empty. */
  remove(levels: readonly ByteString[], item: Item): void {
    removeFrom(this.#root, levels, 0, item);
  }

  /** Whether there are no items. */
  get isEmpty(): boolean {
    return isEmpty(this.#root);
  }

  /** Calls `found` with each item of the topic, perhaps more than once. */
  match(levels: readonly ByteString[], found: (item: Item) => void): void {
    matchFrom(this.#root, levels, 0, found);
  }
}

function isEmpty<Item>({ allBelow, children, items }: Node<Item>): boolean {
  return children.size === 0 && items.size === 0 && allBelow.size === 0;
}

function removeFrom<Item>(
  node: Node<Item>,
  levels: readonly ByteString[],
  index: number,
  item: Item,
): void {
  if (index === levels.length) {
    node.items.delete(item);
    return;
  }
  const level = levels[index];
  if (level === "#") {
    node.allBelow.delete(item);
    return;
  }
  const child = node.children.get(level);
  if (child === undefined) return;
  removeFrom(child, levels, index + 1, item);
  if (isEmpty(child)) node.children.delete(level);
}

function matchFrom<Item>(
  node: Node<Item>,
  levels: readonly ByteString[],
  index: number,
  found: (item: Item) => void,
): void {
  for (const item of node.allBelow) found(item);
  if (index === levels.length) {
    for (const item of node.items) found(item);
    return;
  }
  const exact = node.children.get(levels[index]);
  if (exact !== undefined) matchFrom(exact, levels, index + 1, found);
  const any = node.children.get("+");
  if (any !== undefined) matchFrom(any, levels, index + 1, found);
}
