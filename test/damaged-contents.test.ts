/** Contents of files that the disk has changed: never served as good, and found by verify. */
import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { chunksOf } from '../src/db/log/contents/chunker.ts';
import { alter } from './support/altered-log.ts';
import { codesOf, listen, openApi, type TestApi, write } from './support/api.ts';
import { rawLog, temporaryDirectory } from './support/temporary-store.ts';

/** Bytes that are kept in three chunks. */
function threeChunks(): Buffer {
  for (;;) {
    const bytes = randomBytes(200_000);
    if ([...chunksOf(bytes)].length === 3) return bytes;
  }
}
const bytes = threeChunks();
const size = bytes.length;
const lengths = [...chunksOf(bytes)].map(({ length }) => length) as [number, number, number];
const begins = [0, lengths[0], lengths[0] + lengths[1]] as const;

/** The chunk with this number, of those of the file. */
const which = (number: number) =>
  `(select chunk from content_chunks order by begin limit 1 offset ${number})`;

interface Damage {
  /** What happens to the chunks, with the triggers out of the way. */
  readonly statements: string;
  /** Ranges that were served before, and would hold wrong bytes or none now. */
  readonly ranges: readonly string[];
  /** The chunks are whole: what is known to be made of them is served still. */
  readonly isInList?: boolean;
}

/** One bit of the byte at an offset of a chunk is another. */
const flip = (number: 0 | 1 | 2, offset: number) => {
  const at = begins[number] + offset;
  const flipped = Buffer.from([(bytes[at] as number) ^ 4]).toString('hex');
  return `update chunks set bytes =
    cast(substr(bytes, 1, ${offset}) || x'${flipped}' || substr(bytes, ${offset + 2}) as blob)
    where id = ${which(number)}`;
};

const damages: [string, Damage][] = [
  ['a bit flipped in the first byte', { statements: flip(0, 0), ranges: ['0-0', '0-9'] }],
  [
    'a bit flipped in the middle',
    { statements: flip(1, 100), ranges: [`${begins[1] + 100}-${begins[1] + 100}`, '5-'] },
  ],
  ['a bit flipped in the last byte', { statements: flip(2, lengths[2] - 1), ranges: ['-1', '-9'] }],
  [
    'the first chunk missing',
    { statements: 'delete from content_chunks where begin = 0', ranges: ['0-9'], isInList: true },
  ],
  [
    'the last chunk missing',
    {
      statements: `delete from content_chunks where begin = ${begins[2]}`,
      ranges: ['-9'],
      isInList: true,
    },
  ],
  [
    'a chunk cut short',
    {
      statements: `update chunks set bytes = substr(bytes, 1, ${lengths[1] - 1}) where id = ${which(1)}`,
      ranges: [`${begins[1]}-${begins[1] + 9}`],
    },
  ],
  [
    'a chunk that is said to be compressed',
    {
      statements: `update chunks set encoding = 'deflate' where id = ${which(0)}`,
      ranges: ['0-9'],
    },
  ],
  [
    'another chunk in the place of one',
    {
      statements: `update content_chunks set chunk = ${which(0)} where begin = ${begins[1]}`,
      ranges: [`${begins[1]}-${begins[1] + 9}`],
      isInList: true,
    },
  ],
  [
    'all chunks missing',
    { statements: 'delete from content_chunks', ranges: ['0-9', '-9'], isInList: true },
  ],
];
/** Wrong as well, but not in any byte that a range would show. */
const additions: [string, Damage][] = [
  [
    'a chunk too many',
    {
      statements: `insert into content_chunks select contents, ${size}, chunk from content_chunks limit 1`,
      ranges: [],
    },
  ],
  ['another size on record', { statements: 'update contents set size = size + 1', ranges: [] }],
];

/** Text that is kept in a few chunks, all of them compressed. */
const text = Buffer.from(
  Array.from({ length: 12_000 }, (_, line) => `${line},name ${line % 7},${line ** 2}`).join('\n'),
);

/** A gibibyte of zeros, in as little room as it goes. */
function bomb(): Buffer {
  const mebibyte = Buffer.alloc(1_024 ** 2);
  const piece = deflateRawSync(mebibyte, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat([...Array.from({ length: 1_024 }, () => piece), deflateRawSync('')]);
}

/** What becomes of the row of the first chunk of the text, whose bytes are compressed. */
type Change = (bytes: Buffer, size: number) => string;

const becomes = (changed: Uint8Array) => `bytes = x'${Buffer.from(changed).toString('hex')}'`;

const compressedDamages: [string, Change][] = [
  [
    'a bit flipped in a compressed chunk',
    (compressed) => {
      const flipped = Buffer.from(compressed);
      flipped[1_000] = (compressed[1_000] as number) ^ 4;
      return becomes(flipped);
    },
  ],
  ['a compressed chunk cut short', (compressed) => becomes(compressed.subarray(0, -9))],
  ['a compressed chunk without bytes', () => becomes(Buffer.alloc(0))],
  [
    'others of the same length, compressed',
    (_, size) => becomes(deflateRawSync(text.subarray(-size))),
  ],
  [
    'a compressed chunk that comes to a byte more',
    (_, size) => becomes(deflateRawSync(text.subarray(0, size + 1))),
  ],
  ['a compressed chunk that comes to a gibibyte', () => becomes(bomb())],
  ['a compressed chunk that is said to be none', () => `encoding = 'none'`],
  ['a compressed chunk that is said to be smaller', (_, size) => `size = ${size - 1}`],
  ['a compressed chunk that is said to have a tebibyte', () => `size = ${1_024 ** 4}`],
];

interface Damaged {
  readonly directory: string;
  readonly api: TestApi;
  readonly url: string;
  readonly id: string;
  readonly damage: (statements: string) => void;
}

/** A file, its bytes in three chunks as they are where no others are given, served at a real address. */
async function servedFile(contents = bytes): Promise<Damaged> {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  await write(api, 'create', 'Todo', {});
  const data = contents.toString('base64');
  // Nothing asks for its bytes, which would then be known to be good.
  const { createLakeFile } = await api.data(
    `mutation ($input: CreateLakeFileInput!) {
       createLakeFile(input: $input) {
         ... on CreateLakeFilePayload { lakeFile { id downloadUrl } }
       }
     }`,
    { input: { filename: 'f', data } },
  );
  const { lakeFile } = createLakeFile;
  const { url } = await listen(api.app);
  const damage = (statements: string) => alter(directory, statements);
  return { directory, api, url: `${url}${lakeFile.downloadUrl}`, id: lakeFile.id, damage };
}

/** How many bytes a client got before its connection was broken off; null when it was not. */
async function brokenOff(url: string, range?: string): Promise<number | null> {
  let received = 0;
  try {
    const response = await fetch(url, { headers: range ? { range: `bytes=${range}` } : {} });
    if (response.status !== (range ? 206 : 200)) throw new Error(`Answered ${response.status}.`);
    for await (const part of response.body as ReadableStream<Uint8Array>) received += part.length;
  } catch (error) {
    // What fetch makes of a connection that ends too soon, before or after the headers came.
    expect(error).toBeInstanceOf(TypeError);
    return received;
  }
  return null;
}

test.for([...damages, ...additions])(
  '%s breaks a download off before its end',
  async ([, damage]) => {
    const file = await servedFile();
    expect(await brokenOff(file.url)).toBeNull();
    file.damage(damage.statements);
    const received = await brokenOff(file.url);
    expect(received).not.toBeNull();
    expect(received).toBeLessThan(size);
    expect(file.api.logged).toMatchObject([{ err: { code: 'CONTENTS_DAMAGED' } }]);
  },
);

/** The most memory that this process ever had, in bytes. */
const peakMemory = () => process.resourceUsage().maxRSS * 1_024;

test.for(compressedDamages)(
  '%s breaks a download off before its end, and takes no memory for what it claims',
  async ([, change]) => {
    const file = await servedFile(text);
    expect(await brokenOff(file.url)).toBeNull();
    const chunks = rawLog(file.directory)
      .prepare<[], { size: number; encoding: string; bytes: Buffer }>('select * from chunks')
      .all();
    const [first] = chunks;
    expect(chunks.map(({ encoding }) => encoding)).not.toContain('none');
    expect(chunks.length).toBeGreaterThan(1);
    if (!first) return;
    file.damage(`update chunks set ${change(first.bytes, first.size)} where id = ${which(0)}`);
    const before = peakMemory();
    expect(await brokenOff(file.url)).toBe(0);
    expect(peakMemory() - before).toBeLessThan(256 * 1_024 ** 2);
    expect(file.api.logged).toMatchObject([{ err: { code: 'CONTENTS_DAMAGED' } }]);
  },
);

test.for(damages)('%s breaks off a range that holds it, read before or not', async ([, damage]) => {
  const known = await servedFile();
  const unknown = await servedFile();
  for (const range of damage.ranges) expect(await brokenOff(known.url, range)).toBeNull();
  known.damage(damage.statements);
  unknown.damage(damage.statements);
  for (const range of damage.ranges) {
    const received = await brokenOff(known.url, range);
    expect(received === null).toBe(damage.isInList ?? false);
    expect(await brokenOff(unknown.url, range)).toBe(0);
  }
  expect(known.api.logged).toHaveLength(damage.isInList ? 0 : damage.ranges.length);
});

test('a range of a file that is known to be good reads no more than its own chunks', async () => {
  const file = await servedFile();
  expect(await brokenOff(file.url, '0-9')).toBeNull();
  file.damage(flip(2, 5));
  const response = await fetch(file.url, { headers: { range: `bytes=3-${begins[1] + 3}` } });
  const part = Buffer.from(await response.arrayBuffer());
  expect(part.equals(bytes.subarray(3, begins[1] + 4))).toBe(true);
});

test.for([...damages, ...additions])(
  '%s makes data and text an error with a code',
  async ([, damage]) => {
    const { api, id, damage: harm } = await servedFile();
    harm(damage.statements);
    const query = 'query ($id: ID!) { lakeFile(id: $id) { filename data text } }';
    const answer = await api.ask(query, { id });
    expect(answer.data).toEqual({ lakeFile: { filename: 'f', data: null, text: null } });
    expect(codesOf(answer)).toEqual(['CONTENTS_DAMAGED', 'CONTENTS_DAMAGED']);
    expect(answer.errors?.[0]?.message).not.toContain('SHA-256');
    expect(api.logged).toHaveLength(2);
  },
);

test('a file of the same bytes is refused while those that are stored are damaged', async () => {
  const { api, damage } = await servedFile();
  damage(flip(1, 100));
  const answer = await api.ask(
    'mutation ($input: CreateLakeFileInput!) { createLakeFile(input: $input) { __typename } }',
    { input: { filename: 'g', data: bytes.toString('base64') } },
  );
  expect(codesOf(answer)).toEqual(['CONTENTS_DAMAGED']);
  expect(await api.position()).toBe('2');
});
