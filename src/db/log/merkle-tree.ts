/**
 * Merkle trees over lists of any length, as RFC 6962 has them (section 2.1, kept by RFC 9162): one
 * hash stands for the whole list, and a few hashes prove that something is in it. A leaf and an inner
 * node are hashed differently, so that neither can be taken for the other.
 */
import { sha256 } from './digest.ts';

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** What stands for a list of nothing. */
export const emptyTree: Uint8Array = sha256([]);

/** The hash of a list's item. */
export function leafHash(item: Uint8Array): Uint8Array {
  return sha256([leafPrefix, item]);
}

/** The hash of a node above two others. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256([nodePrefix, left, right]);
}

/**
 * The hash of the leaves from `begin` up to, and without, `end`, where it is at hand. It has to be for
 * every single leaf that is asked for.
 */
export type HashAtHand = (begin: number, end: number) => Uint8Array | null;

/**
 * The root of the tree over the leaves from `begin` up to, and without, `end`.
 * @throws {Error} when a leaf that it needs is not at hand.
 */
export function treeHash(begin: number, end: number, atHand: HashAtHand): Uint8Array {
  if (begin === end) return emptyTree;
  const known = atHand(begin, end);
  if (known) return known;
  if (end - begin === 1)
    throw new Error(`The hash of leaf ${begin} of a Merkle tree is not at hand.`);
  const middle = splitOf(begin, end);
  return nodeHash(treeHash(begin, middle, atHand), treeHash(middle, end, atHand));
}

/** The hashes that lead from a leaf to that root, the lowest first: the leaf's audit path. */
export function auditPath(
  leaf: number,
  begin: number,
  end: number,
  atHand: HashAtHand,
): Uint8Array[] {
  if (end - begin === 1) return [];
  const middle = splitOf(begin, end);
  return leaf < middle
    ? [...auditPath(leaf, begin, middle, atHand), treeHash(middle, end, atHand)]
    : [...auditPath(leaf, middle, end, atHand), treeHash(begin, middle, atHand)];
}

/** Left of it are as many leaves as the largest power of two below their number. */
function splitOf(begin: number, end: number): number {
  let left = 1;
  while (left * 2 < end - begin) left *= 2;
  return begin + left;
}

/**
 * The root that an audit path leads to (RFC 9162, section 2.1.3.2).
 * @param leaf its number, from 0, in a tree of `size` leaves.
 * @returns null when no leaf of such a tree has a path of that length.
 */
export function rootOfPath(
  hash: Uint8Array,
  leaf: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array | null {
  if (leaf >= size) return null;
  let root = hash;
  // The numbers of the node that is reached, and of the last one, on their level.
  let [node, last] = [leaf, size - 1];
  for (const beside of path) {
    if (last === 0) return null;
    const isLeft = node % 2 === 0 && node !== last;
    root = isLeft ? nodeHash(root, beside) : nodeHash(beside, root);
    // A last node without a neighbour is the node above it as well.
    while (!isLeft && node % 2 === 0 && node > 0) [node, last] = [node / 2, half(last)];
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? root : null;
}

function half(number: number): number {
  return Math.floor(number / 2);
}

/** A tree that grows leaf by leaf, of which only what its root needs is kept. */
export class GrowingTree {
  #size = 0;
  /** The roots of the full subtrees that the leaves make up, the largest first. */
  readonly #full: Uint8Array[] = [];

  /** How many leaves it has. */
  get size(): number {
    return this.#size;
  }

  /** Adds an item of the list. */
  add(item: Uint8Array): void {
    let hash = leafHash(item);
    for (let above = this.#size; above % 2 === 1; above = half(above)) {
      hash = nodeHash(this.#full.pop() as Uint8Array, hash);
    }
    this.#full.push(hash);
    this.#size += 1;
  }

  get root(): Uint8Array {
    const last = this.#full.at(-1);
    if (!last) return emptyTree;
    return this.#full.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }
}
