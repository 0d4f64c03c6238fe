/** The tables of the log, as Kysely sees them. */
import type { Generated } from 'kysely';
import type { Microseconds, Operation } from '../../entities/index.ts';

/** What every entity's table has besides a column per field. */
export interface VersionColumns {
  position: number;
  transaction_id: number;
  /** Commit time in microseconds: one per transaction, strictly increasing. */
  idx: Microseconds;
  created_idx: Microseconds;
  id: string;
  revision: number;
  operation: Operation;
  previous_position: number | null;
  salt: Uint8Array;
  contents_digest: Uint8Array;
  digest: Uint8Array;
}
/** A row of an entity's table; the fields' columns are known only at run time. */
export type VersionRow = VersionColumns & Readonly<Record<string, unknown>>;

export interface LogTables {
  /** One row: which log this is. */
  log: { id: string; created_at: Microseconds; digest: Generated<Uint8Array | null> };
  /** The entities that ever wrote here. */
  entities: { name: string; table_name: string; fields: string };
  transactions: {
    id: number;
    committed_at: Microseconds;
    first_position: number;
    last_position: number;
    actor: string | null;
    reason: string | null;
    salt: Uint8Array;
    contents_digest: Uint8Array;
    /** The digest of its last version. */
    digest: Uint8Array;
  };
  /** Mutations that are done once per key, and where the first one's result lies in the log. */
  idempotency_keys: {
    key: string;
    /** Digest of the mutation and what it was asked. */
    request_digest: string;
    /** Null when the mutation had nothing to write. */
    transaction_id: number | null;
    /** Where the records of its result answer. */
    position: number;
    /** Its changes of records, as JSON. */
    results: string;
    /** When it was done; null in rows from before that was noted. */
    created_at: Microseconds | null;
    /** Of all that the row says; null in rows from before there were digests. */
    digest: Uint8Array | null;
  };
  /** The bytes of files, each once. */
  contents: { id: Generated<number>; sha256: string; size: number };
  /** Which chunks contents are made of. */
  content_chunks: {
    contents: number;
    /** Where the chunk begins in the contents, in bytes. */
    begin: number;
    chunk: number;
  };
  /** Pieces of contents, each once. */
  chunks: {
    id: Generated<number>;
    /** SHA-256 of what it holds. */
    digest: Uint8Array;
    /** Length of what it holds, in bytes. */
    size: number;
    encoding: 'none' | 'deflate';
    bytes: Uint8Array;
  };
  /** Contents on their way in, until a transaction keeps them. */
  uploads: { id: string; touched_at: Microseconds };
  upload_chunks: { upload: string; begin: number; chunk: number };
  /** What was erased, and when. */
  erasures: {
    id: Generated<number>;
    erased_at: Microseconds;
    /** Where the log ended then. */
    position: number;
    /** Which records, as JSON: per record its kind, its id, and its versions’ positions. */
    records: string;
    /** Of all that the row says. */
    digest: Uint8Array;
  };
  /** Which versions have no contents any more. */
  erased_versions: { position: number; erasure: number };
  /** Erasures after which the file still has bytes that nothing leads to. */
  unfinished_erasures: { erasure: number };
  /** Uploads that come in several requests, and for a while those that were kept. */
  resumable_uploads: {
    upload: string;
    /** Whose it is; null where nobody is asked who they are. */
    viewer: string | null;
    /** How many bytes it will have. */
    size: number;
    /** What its client said of it. */
    metadata: string;
    /** How many bytes are in chunks … */
    chunk_bytes: number;
    /** … and the bytes after them, which are no whole chunk yet. */
    tail: Uint8Array;
  };
}
/** The tables of entities are named at run time. */
export type VersionTables = Record<string, VersionColumns>;
