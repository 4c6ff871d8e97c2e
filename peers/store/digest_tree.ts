/**
 * A tree of digests over all clients. With it, two servers whose reports are
 * almost the same find the differences at low cost.
 *
 * The first four hexadecimal digits of a client's hash are its path from the
 * root, through four levels of sixteen children, to its leaf. The digest of a
 * node is the XOR of the fingerprints of all reports below it. It does not
 * depend on their order. A change is made in its leaf only; the nodes above are
 * brought up to date when a digest is next asked for.
 *
 * @module
 */

/** Children of a node: one for each hexadecimal digit. */
export const childrenPerNode = 16;

/** Levels below the root. */
const depth = 4;

/** How many leaves there are. */
export const leafCount = childrenPerNode ** depth;

/**
 * Nodes are numbered level by level from the root, which is 0: the children of
 * node n are 16 n + 1 to 16 n + 16.
 */
export type DigestNode = number;

export const root: DigestNode = 0;

/** The first node of each level. */
const firstOfLevel: readonly DigestNode[] = [0, 1, 17, 273, 4_369];

const firstLeaf: DigestNode = firstOfLevel[depth];

/**
 * A node of this level and all nodes below it are a branch. The memory of a
 * branch, 4 KiB, is allocated with its first report. The whole tree has 1 MiB.
 */
const branchLevel = 2;
const branchCount = childrenPerNode ** branchLevel;
const nodesPerBranch = firstOfLevel[depth - branchLevel + 1];
const leavesPerBranch = leafCount / branchCount;
const firstLeafOfBranch = nodesPerBranch - leavesPerBranch;

/** A node's numbers: both halves of its digest, and its count of reports. */
const [highAt, lowAt, countAt] = [0, 1, 2];

/** A power of two, so that no node crosses a cache line. */
const numbersPerNode = 4;

/** The leaf, 0 to `leafCount` - 1, of a client's hash. */
export function leafOf(clientHash: number): number {
  return clientHash >>> 16;
}

/** The first child of a node. */
export function firstChild(node: DigestNode): DigestNode {
  return node * childrenPerNode + 1;
}

export function isLeaf(node: DigestNode): boolean {
  return node >= firstLeaf;
}

/** The node of a leaf, 0 to `leafCount` - 1. */
export function nodeOfLeaf(leaf: number): DigestNode {
  return firstLeaf + leaf;
}

/** The leaves below a node: from the first up to the last (inclusive). */
export function leavesBelow(node: DigestNode): [first: number, last: number] {
  let [first, last] = [node, node];
  while (!isLeaf(first)) {
    first = firstChild(first);
    last = firstChild(last) + childrenPerNode - 1;
  }
  return [first - firstLeaf, last - firstLeaf];
}

/** A node's hexadecimal digits, from the root down; `-` for the root. */
export function formatNode(node: DigestNode): string {
  let digits = "";
  for (let at = node; at > root; at = parentOf(at)) {
    digits = ((at - 1) % childrenPerNode).toString(16) + digits;
  }
  return digits || "-";
}

/** Reads what `formatNode` writes; undefined for anything else. */
export function parseNode(text: string): DigestNode | undefined {
  if (text === "-") return root;
  if (!/^[0-9a-f]{1,4}$/.test(text)) return undefined;
  let node = root;
  for (const digit of text) node = firstChild(node) + parseInt(digit, 16);
  return node;
}

function parentOf(node: DigestNode): DigestNode {
  return (node - 1) >>> 4;
}

/** The digests of one server's reports. */
export class DigestTree {
  /** The levels above the branches. */
  readonly #top = new Tree(firstOfLevel[branchLevel]);
  readonly #branches: (Tree | undefined)[] = Array.from(
    { length: branchCount },
    () => undefined,
  );
  /** 1 for each branch with a leaf that has changed since the last update. */
  readonly #changed = new Uint8Array(branchCount);
  #isChanged = false;

  /** Adds a report to a leaf. */
  add(leaf: number, fingerprint: number): void {
    this.#change(leaf, highOf(fingerprint), lowOf(fingerprint), 1);
  }

  /** Removes a report from a leaf. */
  remove(leaf: number, fingerprint: number): void {
    this.#change(leaf, highOf(fingerprint), lowOf(fingerprint), -1);
  }

  /** Replaces a report in a leaf. */
  replace(leaf: number, gone: number, fresh: number): void {
    const high = highOf(gone) ^ highOf(fresh);
    const low = lowOf(gone) ^ lowOf(fresh);
    this.#change(leaf, high, low, 0);
  }

  /** The digest of all reports below a node: a whole number below 2^53. */
  digestOf(node: DigestNode): number {
    return this.#numberOf(node, highAt) * 2 ** 32 +
      (this.#numberOf(node, lowAt) >>> 0);
  }

  /** The number of reports below a node. */
  countOf(node: DigestNode): number {
    return this.#numberOf(node, countAt);
  }

  /** The first leaf at or after `from` that is not empty, or undefined. */
  nextFilledLeaf(from: number): number | undefined {
    this.#update();
    let start = from % leavesPerBranch;
    const first = Math.floor(from / leavesPerBranch);
    for (let index = first; index < branchCount; index++) {
      const leaf = this.#branches[index]?.nextFilledLeaf(start);
      if (leaf !== undefined) return index * leavesPerBranch + leaf;
      start = 0;
    }
    return undefined;
  }

  /** One of a node's numbers. */
  #numberOf(node: DigestNode, numberAt: number): number {
    this.#update();
    if (node < firstOfLevel[branchLevel]) {
      return this.#top.numberOf(node, numberAt);
    }
    const level = isLeaf(node) ? depth : node < firstOfLevel[3] ? 2 : 3;
    const levelInBranch = level - branchLevel;
    const nodesOfLevel = childrenPerNode ** levelInBranch;
    const index = node - firstOfLevel[level];
    const branch = this.#branches[Math.floor(index / nodesOfLevel)];
    const nodeInBranch = firstOfLevel[levelInBranch] + index % nodesOfLevel;
    return branch?.numberOf(nodeInBranch, numberAt) ?? 0;
  }

  #change(leaf: number, high: number, low: number, count: number): void {
    const index = Math.floor(leaf / leavesPerBranch);
    const branch = this.#branches[index] ??= new Tree(nodesPerBranch);
    const leafInBranch = firstLeafOfBranch + leaf % leavesPerBranch;
    branch.change(leafInBranch, high, low, count);
    this.#changed[index] = 1;
    this.#isChanged = true;
  }

  /** Brings the nodes above the leaves up to date. */
  #update(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    for (let index = 0; index < branchCount; index++) {
      if (this.#changed[index] === 0) continue;
      this.#changed[index] = 0;
      const branch = this.#branches[index]!;
      const high = branch.numberOf(root, highAt);
      const low = branch.numberOf(root, lowAt);
      const count = branch.numberOf(root, countAt);
      branch.sumUp();
      this.#top.changeUp(
        parentOf(firstOfLevel[branchLevel] + index),
        branch.numberOf(root, highAt) ^ high,
        branch.numberOf(root, lowAt) ^ low,
        branch.numberOf(root, countAt) - count,
      );
    }
  }
}

/** The nodes of the top of the tree, or of a branch, numbered from 0. */
class Tree {
  // A node's numbers are adjacent, so that they are in the same cache line. A
  // digest has 53 bits, more than bitwise operators can take at once.
  readonly #nodes: Int32Array;

  constructor(nodeCount: number) {
    this.#nodes = new Int32Array(nodeCount * numbersPerNode);
  }

  numberOf(node: DigestNode, numberAt: number): number {
    return this.#nodes[node * numbersPerNode + numberAt];
  }

  /** The first filled leaf of a branch at or after `from`, or undefined. */
  nextFilledLeaf(from: number): number | undefined {
    let leaf = from;
    while (leaf < leavesPerBranch) {
      const node = firstLeafOfBranch + leaf;
      const endOfFamily = leaf + childrenPerNode - leaf % childrenPerNode;
      if (this.numberOf(parentOf(node), countAt) === 0) {
        leaf = endOfFamily;
        continue;
      }
      for (; leaf < endOfFamily; leaf++) {
        if (this.numberOf(firstLeafOfBranch + leaf, countAt) > 0) return leaf;
      }
    }
    return undefined;
  }

  /** Changes a node. */
  change(node: DigestNode, high: number, low: number, count: number): void {
    const nodes = this.#nodes;
    const at = node * numbersPerNode;
    nodes[at + highAt] ^= high;
    nodes[at + lowAt] ^= low;
    nodes[at + countAt] += count;
  }

  /** Changes a node and all nodes above it. */
  changeUp(first: DigestNode, high: number, low: number, count: number): void {
    let node = first;
    this.change(node, high, low, count);
    while (node !== root) {
      node = parentOf(node);
      this.change(node, high, low, count);
    }
  }

  /** Sets the nodes above the leaves of a branch. */
  sumUp(): void {
    const nodes = this.#nodes;
    for (let node = firstLeafOfBranch - 1; node >= root; node--) {
      let [high, low, count] = [0, 0, 0];
      const first = firstChild(node) * numbersPerNode;
      const end = first + childrenPerNode * numbersPerNode;
      for (let at = first; at < end; at += numbersPerNode) {
        high ^= nodes[at + highAt];
        low ^= nodes[at + lowAt];
        count += nodes[at + countAt];
      }
      const at = node * numbersPerNode;
      nodes[at + highAt] = high;
      nodes[at + lowAt] = low;
      nodes[at + countAt] = count;
    }
  }
}

function highOf(fingerprint: number): number {
  return Math.floor(fingerprint / 2 ** 32);
}

function lowOf(fingerprint: number): number {
  return fingerprint | 0;
}
