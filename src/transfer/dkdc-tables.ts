/** The tables of dkdc-state, and what their rows are here. */
import { createHash } from 'node:crypto';
import type { SqliteRow, SqliteValue } from '../db/index.ts';
import { type Entity, LakeFile, Todo } from '../entities/index.ts';

export interface DkdcTable {
  readonly table: string;
  readonly entity: Entity;
  /** The columns besides `idx` and `id`. */
  readonly columns: readonly string[];
  /** What a row holds, by the names of our fields. */
  readonly valuesOf: (row: SqliteRow) => Readonly<Record<string, unknown>>;
  /** The bytes of a row that is a file. */
  readonly bytesOf: ((row: SqliteRow) => Uint8Array | null) | null;
}

const shared = ({ user_id, status, description, labels }: SqliteRow) => ({
  userId: plain(user_id),
  status: plain(status),
  description: plain(description),
  labels: labelsOf(labels),
});

export const dkdcTables: readonly DkdcTable[] = [
  {
    table: 'todos',
    entity: Todo,
    columns: ['user_id', 'subject', 'body', 'priority', 'status', 'description', 'labels'],
    valuesOf: (row) => ({
      ...shared(row),
      subject: plain(row.subject),
      body: plain(row.body),
      priority: plain(row.priority),
    }),
    bytesOf: null,
  },
  {
    table: 'lake',
    entity: LakeFile,
    columns: [
      ...['user_id', 'path', 'filename', 'filetype', 'data', 'version'],
      ...['status', 'description', 'labels'],
    ],
    valuesOf: (row) => {
      const bytes = bytesOf(row);
      return {
        ...shared(row),
        path: plain(row.path),
        filename: plain(row.filename),
        filetype: plain(row.filetype),
        version: plain(row.version),
        size: bytes?.length ?? null,
        sha256: bytes && createHash('sha256').update(bytes).digest('hex'),
      };
    },
    bytesOf,
  },
];

/** Integers come as bigints. */
function plain(value: SqliteValue | undefined): unknown {
  return typeof value === 'bigint' ? Number(value) : (value ?? null);
}

/** They are joined by commas there, so that one with a comma in it is two; no text is no labels. */
function labelsOf(value: SqliteValue | undefined): unknown {
  if (value === null || value === undefined || value === '') return [];
  return typeof value === 'string' ? value.split(',') : plain(value);
}

function bytesOf({ data }: SqliteRow): Uint8Array | null {
  if (typeof data === 'string') return Buffer.from(data);
  return data instanceof Uint8Array ? data : null;
}
