/**
 * A process that has a store open and does what its parent asks, over Node's own channel.
 * Its argument is the data directory.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { openStore, type Store } from '../../src/db/index.ts';
import { LakeFile, type Position, shippedEntities, Todo } from '../../src/entities/index.ts';
import { differences } from './differences.ts';
import { lakeFile } from './lake-file.ts';

const begun = new Map<string, ReturnType<Store['beginUpload']>>();

/** Each takes and gives what JSON can hold. */
const commands = {
  /** Tries to create a file per name, all at once; tells which succeeded. */
  createFiles: async (store: Store, names: string[]) => {
    const attempts = names.map((name) => store.append(LakeFile, lakeFile(name)));
    const results = await Promise.allSettled(attempts);
    return names.filter((_, index) => results[index]?.status === 'fulfilled');
  },
  /** Creates todos one after the other; gives their positions. */
  createTodos: async (store: Store, subjects: string[]) => {
    const positions: number[] = [];
    for (const subject of subjects)
      positions.push((await store.append(Todo, { subject })).position);
    return positions;
  },
  /** Creates todos with bodies of 2,000 characters that cannot be compressed, in one transaction. */
  createLarge: async (store: Store, count: number) => {
    await store.transact(async (log) => {
      for (let number = 0; number < count; number += 1) {
        await log.create(Todo, { body: randomBytes(1_000).toString('hex') });
      }
    });
    return null;
  },
  /** The subject of a todo through the three ways of reading. */
  subjects: async (store: Store, id: string) => {
    const record = await store.get(Todo, id);
    const page = await store.list(Todo);
    const history = await store.history(Todo, id);
    const listed = page.versions.find((version) => version.id === id);
    return [record, listed, history.at(-1)].map((version) => version?.values.subject ?? null);
  },
  /** Uploads a file up to the commit that would keep it; gives the id of the upload. */
  uploadUnkept: async (store: Store, bytes: string) => {
    const metadata = `filename ${Buffer.from('f').toString('base64')}`;
    const id = await store.beginResumable({ viewer: null, size: bytes.length, metadata });
    const state = await store.findResumable(id, null);
    if (!state) throw new Error('The upload is not there.');
    const upload = store.resume(state);
    await upload.write(Buffer.from(bytes));
    await upload.end();
    return id;
  },
  /** Uploads all but the last byte of a file; gives the id of the upload. */
  uploadPart: async (store: Store, size: number) => {
    const id = await store.beginResumable({ viewer: null, size, metadata: '' });
    const state = await store.findResumable(id, null);
    if (!state) throw new Error('The upload is not there.');
    const upload = store.resume(state);
    await upload.write(randomBytes(size - 1));
    await upload.pause();
    return id;
  },
  /** Writes a file of so many bytes, which are uploaded as they come. */
  uploadFile: async (store: Store, size: number) => {
    const uploaded = await store.receiveUpload(Readable.from([randomBytes(size)]));
    await store.transact(async (log) =>
      log.create(LakeFile, { filename: uploaded.sha256, ...(await log.keepUpload(uploaded)) }),
    );
    return uploaded.sha256;
  },
  /** Begins an upload, and writes so many bytes of it; gives its id. */
  beginUpload: async (store: Store, size: number) => {
    const upload = store.beginUpload();
    await upload.write(randomBytes(size));
    begun.set(upload.id, upload);
    return upload.id;
  },
  endUpload: async (_: Store, id: string) => (await begun.get(id)?.end())?.sha256 ?? null,
  setSubject: async (store: Store, input: { id: string; subject: string }) => {
    const { version } = await store.update(Todo, input.id, { subject: input.subject });
    return version.position;
  },
  /** Follows until so many versions were met; gives their positions. */
  follow: async (store: Store, input: { after: number; count: number }) => {
    const positions: number[] = [];
    for await (const version of store.follow({ after: input.after as Position })) {
      positions.push(version.position);
      if (positions.length === input.count) break;
    }
    return positions;
  },
  /** Where the replica says other things than the log. */
  differences: async (store: Store) => await differences(store),
  health: async (store: Store) => store.health(),
  head: async (store: Store) => await store.head(),
  close: async (store: Store) => {
    await store.close();
    process.disconnect();
    return null;
  },
};
export type Commands = typeof commands;

const directory = process.argv[2] as string;
// The parent says when, so that several processes begin at the same moment.
process.send?.({ id: 'loaded' });
await new Promise((resolve) => process.once('message', resolve));
try {
  const store = await openStore({ directory, entities: shippedEntities });
  process.on('message', async (message: { id: number; command: keyof Commands; input: never }) => {
    const answer = await commands[message.command](store, message.input).then(
      (value) => ({ id: message.id, value }),
      (error) => ({ id: message.id, error: String(error) }),
    );
    if (process.connected) process.send?.(answer);
  });
  process.send?.({ id: 'open' });
} catch (error) {
  process.send?.({ id: 'open', error: String(error) });
  process.disconnect();
}
