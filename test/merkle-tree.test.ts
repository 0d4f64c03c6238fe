/** Merkle trees: as RFC 6962 and 9162 define them, against vectors that others made. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogTree } from '../src/db/log/log-tree.ts';
import {
  auditPath,
  emptyTree,
  GrowingTree,
  leafHash,
  rootOfPath,
  treeHash,
} from '../src/db/log/merkle-tree.ts';
import type { Position } from '../src/entities/index.ts';
import { checkProperty } from './support/property.ts';

const hex = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString('hex');

/** The leaves, roots and paths of Certificate Transparency's own tests (merkletree_test.go). */
const vectorLeaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((text) => Buffer.from(text, 'hex'));
const vectorRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const vectorPaths: [leaf: number, size: number, path: string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

const vectorHash = (begin: number, end: number) =>
  end - begin === 1 ? leafHash(vectorLeaves[begin] as Buffer) : null;

test('roots of 0 to 8 leaves are those that Certificate Transparency has', () => {
  const growing = new GrowingTree();
  const grown = [hex(growing.root)];
  for (const leaf of vectorLeaves) {
    growing.add(leaf);
    grown.push(hex(growing.root));
  }
  expect(grown).toEqual(vectorRoots);
  expect(vectorRoots.map((_, size) => hex(treeHash(0, size, vectorHash)))).toEqual(vectorRoots);
});

test.each(vectorPaths)(
  'the path of leaf %i in a tree of %i is the one that it has',
  (leaf, size, path) => {
    expect(auditPath(leaf, 0, size, vectorHash).map(hex)).toEqual(path);
    const bytes = path.map((text) => Buffer.from(text, 'hex'));
    const hash = leafHash(vectorLeaves[leaf] as Buffer);
    expect(hex(rootOfPath(hash, leaf, size, bytes))).toBe(vectorRoots[size]);
  },
);

test('a tree whose leaf is not at hand says which one', () => {
  const lacking = (begin: number, end: number) => (begin === 2 ? null : vectorHash(begin, end));
  expect(() => treeHash(0, 3, lacking)).toThrow('leaf 2');
});

test('a leaf is never taken for a node above two others', () => {
  const [left, right] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const growing = new GrowingTree();
  growing.add(left);
  growing.add(right);
  const both = Buffer.concat([leafHash(left), leafHash(right)]);
  expect(hex(leafHash(both))).not.toBe(hex(growing.root));
  expect(hex(growing.root)).toBe(
    createHash('sha256').update(Buffer.of(1)).update(both).digest('hex'),
  );
});

/** The digest of a version that is told from all others by its number. */
const digestOf = (index: number) => createHash('sha256').update(String(index)).digest();
const hashOf = (begin: number, end: number) =>
  end - begin === 1 ? leafHash(digestOf(begin)) : null;

const sizeAndLeaf = fc
  .integer({ min: 1, max: 300 })
  .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));

test('every leaf’s path leads to the root of its tree, and only as that leaf of that size', async () => {
  await checkProperty('paths', sizeAndLeaf, 200, async ([size, leaf]) => {
    const root = hex(treeHash(0, size, hashOf));
    const path = auditPath(leaf, 0, size, hashOf);
    const hash = leafHash(digestOf(leaf));
    expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
    expect(hex(rootOfPath(hash, leaf, size, path))).toBe(root);
    for (const other of [leaf - 1, leaf + 1]) {
      if (other >= 0) expect(hex(rootOfPath(hash, other, size, path))).not.toBe(root);
    }
    expect(hex(rootOfPath(leafHash(digestOf(size)), leaf, size, path))).not.toBe(root);
    expect(hex(rootOfPath(hash, leaf, size, [...path, hash]))).not.toBe(root);
    expect(hex(rootOfPath(hash, leaf, size, path.slice(1)))).not.toBe(size === 1 ? null : root);
    expect(rootOfPath(hash, size, size, path)).toBeNull();
  });
});

test('a path with one bit flipped leads elsewhere', async () => {
  const flipped = sizeAndLeaf
    .filter(([size]) => size > 1)
    .chain((tree) => fc.tuple(fc.constant(tree), fc.nat(), fc.nat(255)));
  await checkProperty('flipped paths', flipped, 200, async ([[size, leaf], step, bit]) => {
    const path = auditPath(leaf, 0, size, hashOf).map((hash) => Buffer.from(hash));
    const hash = path[step % path.length] as Buffer;
    hash[bit >> 3] = (hash[bit >> 3] as number) ^ (1 << (bit & 7));
    const root = rootOfPath(leafHash(digestOf(leaf)), leaf, size, path);
    expect(hex(root)).not.toBe(hex(treeHash(0, size, hashOf)));
  });
});

const leaves = Buffer.concat(Array.from({ length: 5_000 }, (_, index) => digestOf(index)));

/** The heads of a log of those leaves, by its length. */
const heads = (() => {
  const tree = new GrowingTree();
  return [
    hex(tree.root),
    ...Array.from({ length: 5_000 }, (_, index) => {
      tree.add(leaves.subarray(32 * index, 32 * (index + 1)));
      return hex(tree.root);
    }),
  ];
})();

test('a log’s tree has the same heads and paths, in whatever order they are asked for', async () => {
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 5_000 }),
    fc.constantFrom(1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 3_072, 4_096, 4_097),
  );
  const asked = fc.array(
    sizes.chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1))),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  await checkProperty('trees of logs', asked, 40, async (questions) => {
    let read = 0;
    const tree = new LogTree(async (after, end) => {
      read += end - after;
      return leaves.subarray(32 * after, 32 * end);
    });
    await Promise.all(
      questions.map(async ([size, leaf]) => {
        const { digest } = await tree.head(size as Position);
        expect(digest).toBe(heads[size]);
        const path = await tree.path((leaf + 1) as Position, size as Position);
        const own = leafHash(leaves.subarray(32 * leaf, 32 * (leaf + 1)));
        expect(hex(rootOfPath(own, leaf, size, path))).toBe(digest);
      }),
    );
    // All blocks once, and for each question its own two.
    expect(read).toBeLessThanOrEqual(5_000 + questions.length * 3 * 1_024);
  });
});

test.each([1_023, 1_024, 2_048])('the last of %i leaves has a path as well', async (size) => {
  const tree = new LogTree(async (after, end) => leaves.subarray(32 * after, 32 * end));
  const path = await tree.path(size as Position, size as Position);
  const own = leafHash(leaves.subarray(32 * (size - 1), 32 * size));
  expect(hex(rootOfPath(own, size - 1, size, path))).toBe(heads[size]);
});

test('a log of nothing has the head of the empty tree', async () => {
  const tree = new LogTree(async () => new Uint8Array());
  expect(await tree.head(0 as Position)).toEqual({ position: 0, digest: hex(emptyTree) });
});

test('a tree says so when the log lacks digests, and goes on when they are there', async () => {
  let isWhole = false;
  const tree = new LogTree(async (after, end) =>
    leaves.subarray(32 * after, 32 * end - (isWhole ? 0 : 32)),
  );
  await expect(tree.head(1_500 as Position)).rejects.toThrow(
    'lacks versions between positions 1 and',
  );
  isWhole = true;
  expect((await tree.head(1_500 as Position)).digest).toBe(heads[1_500]);
});
