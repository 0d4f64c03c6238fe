/** Files of records: their bytes in and out, and the URLs that lead to them. */
import {
  BadRequest,
  ContentsDamaged,
  InvalidInput,
  isWellFormed,
  type LogTransaction,
} from '../db/index.ts';
import { type Entity, type EntityFile, fieldValue, type Version } from '../entities/index.ts';
import { plainSteps, type WriteInput, type WriteSteps } from './change-records.ts';
import { recordPath } from './file-paths.ts';
import type { FileUpload } from './file-upload.ts';
import type { Operation } from './operation.ts';

/** A file of a version: which, and what its bytes are. */
export interface StoredFile {
  readonly version: Version;
  readonly file: EntityFile;
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly filename: string;
  /** An extension or a media type, as somebody gave it; null where nobody did. */
  readonly filetype: string | null;
}

/** A file of a version; null where it has none. */
export function storedFile(version: Version, file: EntityFile): StoredFile | null {
  const sha256 = fieldValue(version, file.sha256) as string | null;
  if (sha256 === null) return null;
  const size = fieldValue(version, file.size) as number;
  const given = (name: string | null) => name && (fieldValue(version, name) as string | null);
  const filename = given(file.filename) ?? file.name;
  return { version, file, size, sha256, filename, filetype: given(file.filetype) };
}

/** The relative URL of a file's bytes, as whoever asks can open it. */
export function downloadUrl(stored: StoredFile, operation: Operation): string {
  return operation.signed(pathOf(stored));
}

/** The path of a file's bytes, which stay the same for ever. */
export function pathOf({ version: { entity, id, revision }, file }: StoredFile): string {
  const { plural, field } = file.isRecord
    ? { plural: null, field: null }
    : { plural: entity.plural, field: file.name };
  return recordPath({ plural, id, field, revision });
}

/**
 * The bytes of a file.
 * @throws BadRequest when there are more than maxBytes; AnswerTooLarge when there are, with what the
 *   operation read before, more than one answer may hold.
 */
export async function readBytes(
  stored: StoredFile,
  maxBytes: number,
  operation: Operation,
): Promise<Buffer> {
  const { size, file } = stored;
  if (size > maxBytes) {
    throw new BadRequest(
      'maxBytes',
      `is ${maxBytes}, but the file has ${size} bytes. Raise it, or use ${file.downloadUrl}.`,
    );
  }
  operation.answerSize.addContents(size);
  const chunks: Uint8Array[] = [];
  for await (const chunk of contentsOf(stored, operation)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The bytes of a file, a chunk at a time.
 * @throws BadRequest for those of a dry run; ContentsDamaged.
 */
export async function* contentsOf(
  { version, sha256 }: StoredFile,
  { view }: Operation,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* view.contents(version, sha256);
  } catch (error) {
    if (!(view.records.tentative && error instanceof ContentsDamaged && error.missing)) throw error;
    const message = 'keeps no contents: they can be read once the write was made without it.';
    throw new BadRequest('dryRun', message);
  }
}

/** The bytes of a file as text; null when they are not UTF-8. */
export async function readText(
  stored: StoredFile,
  maxBytes: number,
  operation: Operation,
): Promise<string | null> {
  const bytes = await readBytes(stored, maxBytes, operation);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** What writing records of an entity takes: the server derives size and digest from files' bytes. */
export function fileSteps(entity: Entity, forCreate: boolean): WriteSteps {
  const { files } = entity;
  if (files.length === 0) return plainSteps;
  return {
    ...plainSteps,
    valuesOf: async (input, log) => {
      let values = input;
      for (const file of files) values = await withContents(file, values, log, forCreate);
      return values;
    },
  };
}

async function withContents(
  file: EntityFile,
  { [file.data]: data, [file.text]: text, [file.upload]: upload, ...values }: WriteInput,
  log: LogTransaction,
  forCreate: boolean,
): Promise<WriteInput> {
  const given = [file.upload, file.data, file.text].filter(
    (_, place) => [upload, data, text][place] != null,
  );
  const [one, other] = given;
  if (one && other) refuse(other, `may not be given together with ${one}. Leave one out.`);
  if (one) {
    const { size, sha256 } =
      upload != null
        ? await log.keepUpload((upload as FileUpload).uploaded)
        : await log.putContents(bytesOf(file, data, text));
    return { ...values, [file.size]: size, [file.sha256]: sha256 };
  }
  if (file.required) {
    if (forCreate) {
      const others = `${file.text} or ${file.upload}`;
      refuse(file.data, `is required, or ${others}, but all were left out.`);
    }
    return values;
  }
  const isCleared = [upload, data, text].includes(null);
  return isCleared ? { ...values, [file.size]: null, [file.sha256]: null } : values;
}

function bytesOf(file: EntityFile, data: unknown, text: unknown): Uint8Array {
  if (data != null) return data as Uint8Array;
  if (!isWellFormed(text as string)) {
    refuse(file.text, 'must be well-formed Unicode, but held half of a surrogate pair.');
  }
  return Buffer.from(text as string, 'utf8');
}

function refuse(argument: string, message: string): never {
  throw new InvalidInput([{ path: [argument], message }]);
}
