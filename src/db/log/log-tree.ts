/**
 * The Merkle tree over a log: its leaves are the digests of its versions, by position. Its root at a
 * position is the log's head there: one digest for all that was written up to it. The hashes of full
 * subtrees are kept in memory; what was written since is read when somebody asks, so that writing
 * costs nothing.
 */
import type { Position } from '../../entities/index.ts';
import { hexOf } from '../shared/hex.ts';
import { limits } from '../shared/limits.ts';
import { turns } from '../shared/turns.ts';
import { chainStart } from './digest.ts';
import {
  auditPath,
  GrowingTree,
  type HashAtHand,
  leafHash,
  nodeHash,
  treeHash,
} from './merkle-tree.ts';

/** What stands for a log up to a position. */
export interface LogHead {
  readonly position: Position;
  /** The root of the Merkle tree over the digests of its versions, in hexadecimal. */
  readonly digest: string;
}

/** The digests of the versions after a position, up to another, one after the other: 32 bytes each. */
type ReadDigests = (after: number, end: number) => Promise<Uint8Array>;

const digestBytes = 32;
/** Leaves of the smallest subtree whose hash is kept. */
const block = limits.treeBlockLeaves;

export class LogTree {
  readonly #read: ReadDigests;
  /** First the hashes of all full blocks, then of all full pairs of those, and so on. */
  readonly #kept: Uint8Array[][] = [[]];
  #growing: Promise<void> = Promise.resolve();
  #last: LogHead | null = null;

  constructor(read: ReadDigests) {
    this.#read = read;
  }

  /** The head at a position, which must have been committed. */
  async head(position: Position): Promise<LogHead> {
    if (this.#last?.position === position) return this.#last;
    const atHand = await this.#hashes(position, []);
    const root = treeHash(0, position, atHand);
    const head = { position, digest: hexOf(root) };
    this.#last = head;
    return head;
  }

  /** The digest of the version before the one at a position. */
  async digestBefore(position: Position): Promise<Uint8Array> {
    if (position === 1) return chainStart;
    return await this.#digests(position - 2, position - 1);
  }

  /** What leads from the version at a position to the head at another, which is not before it. */
  async path(position: Position, to: Position): Promise<Uint8Array[]> {
    const leaf = position - 1;
    return auditPath(leaf, 0, to, await this.#hashes(to, [leaf]));
  }

  /** What a tree of that size has at hand, with the leaves of the blocks of some of its leaves. */
  async #hashes(size: number, leaves: readonly number[]): Promise<HashAtHand> {
    this.#growing = this.#growing.catch(() => {}).then(() => this.#growTo(size));
    await this.#growing;
    const blocks = new Map<number, Uint8Array>();
    // A last block that is not full has no hash that was kept.
    const unkept = size % block === 0 ? [] : [size - 1];
    for (const leaf of [...leaves, ...unkept]) {
      const number = Math.floor(leaf / block);
      if (blocks.has(number)) continue;
      const end = Math.min(size, (number + 1) * block);
      blocks.set(number, await this.#digests(number * block, end));
    }
    return (begin, end) => {
      if (begin + 1 === end) {
        const digests = blocks.get(Math.floor(begin / block));
        return digests ? leafHash(nth(digests, begin % block)) : null;
      }
      const level = Math.log2((end - begin) / block);
      return this.#kept[level]?.[begin / (end - begin)] ?? null;
    };
  }

  async #growTo(size: number): Promise<void> {
    const [blocks = []] = this.#kept;
    while ((blocks.length + 1) * block <= size) {
      await turns.yield();
      const begin = blocks.length * block;
      const digests = await this.#digests(begin, begin + block);
      const tree = new GrowingTree();
      for (let leaf = 0; leaf < block; leaf += 1) tree.add(nth(digests, leaf));
      this.#keep(0, tree.root);
    }
  }

  /** Keeps a hash, and that of the pair which it completes. */
  #keep(level: number, hash: Uint8Array): void {
    const own = this.#kept[level] ?? [];
    this.#kept[level] = own;
    own.push(hash);
    if (own.length % 2 === 1) return;
    this.#keep(level + 1, nodeHash(own.at(-2) as Uint8Array, hash));
  }

  async #digests(after: number, end: number): Promise<Uint8Array> {
    const digests = await this.#read(after, end);
    if (digests.length === (end - after) * digestBytes) return digests;
    throw new Error(`The log lacks versions between positions ${after + 1} and ${end}. Verify it.`);
  }
}

function nth(digests: Uint8Array, number: number): Uint8Array {
  return digests.subarray(number * digestBytes, (number + 1) * digestBytes);
}
