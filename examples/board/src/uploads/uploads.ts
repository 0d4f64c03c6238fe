/**
 * Files on their way into the lake. Whose name is taken waits until somebody has said that it is to be
 * the next revision of what is there. That is said of one state of it: whatever else it has become
 * meanwhile is asked about again, so that nothing is replaced unseen.
 */
import { useSyncExternalStore } from 'react';
import { past } from '../client.ts';
import { inFolder } from '../files/use-files.ts';
import { type LakeFile, namesakesQuery } from '../graphql/files.ts';
import { signIn } from '../identity/sign-in.ts';
import { bytes } from '../ui/format.ts';
import { whyUnread } from '../ui/unread.ts';
import { type Sent, sendFile } from './send-file.ts';

/** What is there already under a name. */
type Namesake = Pick<LakeFile, 'userId' | 'sha256' | 'revision' | 'size' | 'updatedAt'>;

type UploadState =
  | { readonly kind: 'looking' }
  | { readonly kind: 'taken'; readonly by: Namesake }
  | { readonly kind: 'waiting'; readonly over: Namesake | null }
  | { readonly kind: 'sending'; readonly over: Namesake | null; readonly sent: number }
  | { readonly kind: 'kept'; readonly id: string; readonly text: string }
  | { readonly kind: 'failed'; readonly why: string };

export interface Upload {
  readonly key: number;
  readonly file: File;
  readonly folder: string | null;
  readonly state: UploadState;
}

/** How many files are sent at once. */
const sendingMax = 3;

class Uploads {
  #all: readonly Upload[] = [];
  #keys = 0;
  readonly #aborts = new Map<number, AbortController>();
  readonly #listeners = new Set<() => void>();

  readonly all = (): readonly Upload[] => this.#all;

  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Begins to send files, those whose names are free at once. @param folder null is the root. */
  add(files: readonly File[], folder: string | null): void {
    const added = files.map((file): Upload => {
      this.#keys += 1;
      return { key: this.#keys, file, folder, state: { kind: 'looking' } };
    });
    this.#set([...this.#all, ...added]);
    for (const upload of added) this.#look(upload);
  }

  /** Sends one over what was told to be there. */
  replace({ key, state }: Upload): void {
    if (state.kind === 'taken') this.#change(key, { kind: 'waiting', over: state.by });
    this.#sendNext();
  }

  /** Begins one anew. */
  again(upload: Upload): void {
    this.#change(upload.key, { kind: 'looking' });
    this.#look(upload);
  }

  /** Ends one, if it is not over, and forgets it. */
  remove({ key }: Upload): void {
    this.#aborts.get(key)?.abort();
    this.#set(this.#all.filter((it) => it.key !== key));
    this.#sendNext();
  }

  /** Forgets those that are in the lake. */
  clear(): void {
    this.#set(this.#all.filter(({ state }) => state.kind !== 'kept'));
  }

  async #look({ key, file, folder }: Upload): Promise<void> {
    const variables = { filename: file.name, path: inFolder(folder).path };
    const { data, error } = await past.query(namesakesQuery, variables).toPromise();
    if (!data) {
      const why = error ? whyUnread(error) : 'the server does not answer.';
      return this.#change(key, { kind: 'failed', why: `Not sent: ${why}` });
    }
    const by = nearestOf(data.lakeFiles.edges.map(({ node }) => node));
    this.#change(key, by ? { kind: 'taken', by } : { kind: 'waiting', over: null });
    this.#sendNext();
  }

  #sendNext(): void {
    if (this.#aborts.size >= sendingMax) return;
    const next = this.#all.find(({ state }) => state.kind === 'waiting');
    if (next?.state.kind !== 'waiting') return;
    this.#send(next, next.state.over);
    this.#sendNext();
  }

  async #send(upload: Upload, over: Namesake | null): Promise<void> {
    const { key, file, folder } = upload;
    const abort = new AbortController();
    this.#aborts.set(key, abort);
    const onSent = (sent: number) => this.#change(key, { kind: 'sending', over, sent });
    onSent(0);
    const userId = over ? over.userId : (signIn.state().viewer?.id ?? null);
    const { signal } = abort;
    const sending = { file, folder, userId, expected: over, signal, onSent };
    const sent = await sendFile(sending).catch(() => null);
    this.#aborts.delete(key);
    // Who cancelled it has forgotten it already.
    if (sent?.kind === 'taken') this.again(upload);
    else if (sent) this.#change(key, endOf(sent, over));
    this.#sendNext();
  }

  #change(key: number, state: UploadState): void {
    this.#set(this.#all.map((it) => (it.key === key ? { ...it, state } : it)));
  }

  #set(all: readonly Upload[]): void {
    this.#all = all;
    for (const listener of this.#listeners) listener();
  }
}

export const uploads = new Uploads();

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(uploads.onChange, uploads.all);
}

/** One's own before nobody's, and these before others'. */
function nearestOf(files: readonly LakeFile[]): LakeFile | null {
  const viewer = signIn.state().viewer?.id ?? null;
  return (
    files.find(({ userId }) => userId === viewer) ??
    files.find(({ userId }) => userId === null) ??
    files[0] ??
    null
  );
}

function endOf(sent: Exclude<Sent, { kind: 'taken' }>, over: Namesake | null): UploadState {
  if (sent.kind === 'refused') return { kind: 'failed', why: sent.why };
  if (sent.kind === 'lost') {
    return {
      kind: 'failed',
      why: 'The connection broke. It is in the lake whole, or not at all: trying again tells.',
    };
  }
  const { id, revision, sha256 } = sent;
  const text =
    sha256 === over?.sha256
      ? `The same as revision ${revision}: nothing was added`
      : revision === 1
        ? 'In the lake'
        : `In the lake as revision ${revision}`;
  return { kind: 'kept', id, text };
}

/** How much of a file was sent, in words. */
export function sentOf({ file, state }: Upload): string {
  if (state.kind !== 'sending') return '';
  return state.sent >= file.size ? 'Being kept…' : `${bytes(state.sent)} of ${bytes(file.size)}`;
}
