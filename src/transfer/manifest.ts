/** What an export says of itself: manifest.json. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestFile } from '../db/index.ts';
import { type Entity, type FieldKind, isNullable } from '../entities/index.ts';
import { type Format, formats } from './formats.ts';
import { Refused } from './refused.ts';

export const manifestName = 'manifest.json';
const kind = 'everstate-export';
/** Raised when files mean something else than before. */
const formatVersion = 1;

/** A file of an export, as it was written. */
export interface ExportedFile {
  /** Its name in the directory. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

export interface ExportedEntity extends ExportedFile {
  readonly name: string;
  readonly fields: Readonly<
    Record<string, { readonly kind: FieldKind; readonly nullable: boolean }>
  >;
}

export interface Manifest {
  readonly kind: typeof kind;
  readonly formatVersion: number;
  /** The log that it is of. */
  readonly logId: string;
  /** The position at which it is consistent. */
  readonly position: number;
  readonly contains: 'state' | 'history';
  /** Whether every kind of record that the log holds is there. */
  readonly isWhole: boolean;
  readonly format: Format;
  readonly entities: readonly ExportedEntity[];
  /** Of a history. */
  readonly transactions: ExportedFile | null;
  /** The contents that are under files/, where they were asked for. */
  readonly contents: { readonly count: number; readonly bytes: number } | null;
}

export function manifestOf(parts: Omit<Manifest, 'kind' | 'formatVersion'>): Manifest {
  return { kind, formatVersion, ...parts };
}

/** What a manifest says of an entity's fields. */
export function fieldsOf(entity: Entity): ExportedEntity['fields'] {
  return Object.fromEntries(
    Object.entries(entity.fields).map(([name, field]) => [
      name,
      { kind: field.kind, nullable: isNullable(field) },
    ]),
  );
}

/** Where an export has the contents under a SHA-256. */
export function contentsPath(directory: string, sha256: string): string {
  return join(directory, 'files', sha256);
}

/**
 * The manifest of an export, whose files are looked at.
 * @throws Refused where it is none, or a file is not as it was written.
 */
export async function readExport(directory: string): Promise<Manifest> {
  const path = join(directory, manifestName);
  if (!existsSync(path)) {
    throw new Refused(
      'NOT_AN_EXPORT',
      `${directory} must be an export, but has no ${manifestName}. Name one, or a file with --entity.`,
    );
  }
  const manifest = parse(path);
  const { transactions, entities } = manifest;
  for (const file of [...entities, ...(transactions ? [transactions] : [])]) {
    const sha256 = await sha256OfFile(join(directory, file.file));
    if (sha256 === file.sha256) continue;
    throw new Refused(
      'EXPORT_DAMAGED',
      `${file.file} must have the SHA-256 ${file.sha256} that ${manifestName} says, but has ` +
        `${sha256 ?? 'none: it is not there'}. Export again, or copy it again.`,
    );
  }
  return manifest;
}

/** In hexadecimal; null where there is no such file. */
export async function sha256OfFile(path: string): Promise<string | null> {
  if (!existsSync(path)) return null;
  return (await digestFile(path)).sha256;
}

function parse(path: string): Manifest {
  const refuse = (what: string): never => {
    throw new Refused('NOT_AN_EXPORT', `${path} ${what}.`);
  };
  let read: Manifest;
  try {
    read = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  } catch (error) {
    return refuse(`must be JSON, but cannot be read: ${(error as Error).message}`);
  }
  if (read?.kind !== kind) refuse('is of another program');
  if (read.formatVersion > formatVersion) {
    refuse('was written by a newer Everstate. Import it with that one');
  }
  const isFile = (file: ExportedFile | undefined) =>
    /^[A-Za-z0-9]+\.[a-z]+$/.test(file?.file ?? '') && Number.isSafeInteger(file?.rows);
  const isSound =
    formats.includes(read.format) &&
    ['state', 'history'].includes(read.contains) &&
    Array.isArray(read.entities) &&
    read.entities.every(isFile) &&
    (read.contains === 'state' || isFile(read.transactions ?? undefined));
  if (!isSound) refuse('must name files and their formats as an export does, but does not');
  return read;
}
