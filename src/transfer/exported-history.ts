/** The history that an export holds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PastTransaction } from '../db/index.ts';
import type { Entity } from '../entities/index.ts';
import type { HistorySource, SourceContents } from './history-source.ts';
import { contentsPath, type ExportedFile, type Manifest } from './manifest.ts';
import { Refused } from './refused.ts';
import { RowCursor } from './row-cursor.ts';
import { readRows, type SourceRow } from './row-reader.ts';
import {
  type GivenVersion,
  RowIssues,
  valueOrIssue,
  versionOf,
  wholeNumber,
} from './row-values.ts';

/** Transactions that are handed out together, and versions that a batch of them may have. */
const batch = { transactions: 1_024, versions: 4_096 };

interface GivenTransaction {
  readonly id: number;
  readonly committedAt: number;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly origin: string;
}

export class ExportedHistory implements HistorySource {
  readonly name: string;
  readonly versions: number;
  readonly #directory: string;
  readonly #manifest: Manifest;
  readonly #entities: readonly Entity[];
  readonly #isText: boolean;

  /** @param entities those of the export, in its order. */
  constructor(directory: string, manifest: Manifest, entities: readonly Entity[]) {
    this.name = directory;
    this.versions = manifest.entities.reduce((sum, { rows }) => sum + rows, 0);
    this.#directory = directory;
    this.#manifest = manifest;
    this.#entities = entities;
    this.#isText = manifest.format === 'csv';
  }

  contents(sha256: string): SourceContents | null {
    const path = contentsPath(this.#directory, sha256);
    return existsSync(path) ? { path } : null;
  }

  async *transactions(): AsyncGenerator<readonly PastTransaction[], void> {
    const issues = new RowIssues();
    const cursors = this.#entities.map((entity, place) => {
      const file = this.#manifest.entities[place] as ExportedFile;
      return new RowCursor(this.#versionsOf(entity, file, issues));
    });
    try {
      let some: PastTransaction[] = [];
      let versions = 0;
      for await (const rows of this.#rowsOf(this.#manifest.transactions as ExportedFile)) {
        for (const row of rows) {
          const transaction = await this.#complete(row, cursors, issues);
          some.push(transaction);
          versions += transaction.versions.length;
          if (some.length < batch.transactions && versions < batch.versions) continue;
          yield some;
          [some, versions] = [[], 0];
        }
      }
      for (const cursor of cursors) await cursor.fill();
      issues.refuse();
      refuseLeft(cursors);
      yield some;
    } finally {
      for (const cursor of cursors) await cursor.end();
    }
  }

  async #complete(
    row: SourceRow,
    cursors: readonly RowCursor<GivenVersion>[],
    issues: RowIssues,
  ): Promise<PastTransaction> {
    const given = transactionOf(row, this.#isText, issues);
    const versions: GivenVersion[] = [];
    for (;;) {
      let first: RowCursor<GivenVersion> | null = null;
      for (const cursor of cursors) {
        if (cursor.isEmpty) await cursor.fill();
        if (cursor.next?.transactionId !== given?.id) continue;
        if (!first?.next || (cursor.next?.position ?? 0) < first.next.position) first = cursor;
      }
      issues.refuse();
      if (!first?.next || !given) break;
      versions.push(first.next);
      first.take();
    }
    if (!given || versions.length === 0) {
      throw new Refused('BAD_ROWS', `${row.origin}: no row of any entity is of this transaction.`);
    }
    const { committedAt, actor, reason, origin } = given;
    return { committedAt, actor, reason, origin, versions };
  }

  async *#versionsOf(
    entity: Entity,
    file: ExportedFile,
    issues: RowIssues,
  ): AsyncGenerator<GivenVersion[], void> {
    for await (const rows of this.#rowsOf(file)) {
      const versions: GivenVersion[] = [];
      for (const row of rows) {
        const version = versionOf(entity, row, this.#isText, issues);
        if (version) versions.push(version);
      }
      issues.refuse();
      yield versions;
    }
  }

  #rowsOf({ file }: ExportedFile): AsyncGenerator<SourceRow[], void> {
    return readRows(join(this.#directory, file), this.#manifest.format);
  }
}

function transactionOf(
  { origin, cells }: SourceRow,
  isText: boolean,
  issues: RowIssues,
): GivenTransaction | null {
  const id = wholeNumber(cells.id, isText, origin, 'id', issues);
  const committedAt = valueOrIssue(
    'dateTime',
    cells.committedAt,
    isText,
    origin,
    'committedAt',
    issues,
  );
  const { actor = null, reason = null } = cells;
  for (const [name, text] of Object.entries({ actor, reason })) {
    if (text !== null && typeof text !== 'string') issues.add(origin, name, 'must be a text.');
  }
  if (committedAt === null) issues.add(origin, 'committedAt', 'is required, but was null.');
  issues.refuse();
  if (id === null || typeof committedAt !== 'number') return null;
  return {
    id,
    committedAt,
    actor: actor as string | null,
    reason: reason as string | null,
    origin,
  };
}

/** Rows come in the order of their positions, and so of their transactions. */
function refuseLeft(cursors: readonly RowCursor<GivenVersion>[]): void {
  for (const { next } of cursors) {
    if (!next) continue;
    const what = `its transaction ${next.transactionId} is not among those before it`;
    throw new Refused('BAD_ROWS', `${next.origin}: ${what}, or is out of order.`);
  }
}
