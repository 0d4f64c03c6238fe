/**
 * The body of a multipart request: an operation with files, as the GraphQL multipart request
 * specification has it: https://github.com/jaydenseric/graphql-multipart-request-spec. Files are stored as
 * they come, before the operation is executed: they may be larger than memory.
 */
import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import type { GraphQLParams } from 'graphql-yoga';
import type { FileUpload } from '../../resolvers/index.ts';
import { requestLimits } from '../server/request-limits.ts';
import { refusal } from './errors.ts';
import { readSmallBody } from './json-body.ts';

/** Stores the bytes of a file. @throws what refuses them. */
export type Receive = (bytes: Readable) => Promise<FileUpload>;

type Parser = InstanceType<typeof Busboy>;

/** Where a file belongs in an operation: the names and indexes that lead there. */
type Place = readonly string[];

/** Reads one body. */
export class MultipartBody {
  readonly #receive: Receive;
  readonly #operationsBytesMax: number;
  #operations: GraphQLParams | null = null;
  /** By the name of a file's part; those that came are removed. */
  #places: Map<string, readonly Place[]> | null = null;

  /** @param operationsBytesMax how large the operation without its files may be. */
  constructor(receive: Receive, operationsBytesMax: number) {
    this.#receive = receive;
    this.#operationsBytesMax = operationsBytesMax;
  }

  /**
   * Reads all parts.
   * @param body the bytes.
   * @throws GraphQLError BAD_REQUEST, BODY_TOO_LARGE, or what receiving a file throws.
   */
  async read(headers: BusboyHeaders, body: Readable): Promise<GraphQLParams> {
    const parser = this.#parser(headers);
    const open = new Set<Readable>();
    let files: Promise<unknown> = Promise.resolve();
    let failure: unknown = null;
    await new Promise<void>((resolve) => {
      // What is under way ends, and what comes later is of no use.
      const fail = (error: unknown) => {
        failure ??= error;
        body.unpipe(parser);
        for (const bytes of open) bytes.destroy(new Error('The request was refused.'));
        resolve();
      };
      const step = (work: () => void) => {
        try {
          if (failure === null) work();
        } catch (error) {
          fail(error);
        }
      };
      const take = async (places: readonly Place[], bytes: Readable) => {
        open.add(bytes);
        this.#put(places, await this.#receive(bytes));
        open.delete(bytes);
      };
      parser.on('field', (name, value, _nameTruncated, isTruncated) =>
        step(() => this.#takeField(name, value, isTruncated)),
      );
      parser.on('file', (name, bytes) => {
        bytes.on('error', () => {});
        step(() => {
          files = Promise.all([files, take(this.#placesOf(name), bytes).catch(fail)]);
        });
      });
      parser.on('filesLimit', () => fail(tooMany()));
      parser.on('fieldsLimit', () => fail(malformed('has more fields than operations and map')));
      parser.on('error', (error) => fail(malformed(`is no form: ${messageOf(error)}`)));
      parser.on('finish', resolve);
      body.on('error', () => fail(malformed('did not arrive whole')));
      body.on('aborted', () => fail(malformed('did not arrive whole')));
      body.pipe(parser);
    });
    await files;
    if (failure !== null) throw failure;
    return this.#whole();
  }

  #parser(headers: BusboyHeaders): Parser {
    try {
      return new Busboy({
        headers,
        limits: {
          fields: 2,
          files: requestLimits.filesPerRequestMax,
          fieldSize: this.#operationsBytesMax,
          fileSize: Number.POSITIVE_INFINITY,
        },
      });
    } catch (error) {
      throw malformed(`is no multipart form: ${messageOf(error)}`);
    }
  }

  #takeField(name: string, value: string, isTruncated: boolean): void {
    if (isTruncated) {
      const message = `The part ${name} may have at most ${this.#operationsBytesMax} bytes (bodyBytesMax).`;
      throw refusal('BODY_TOO_LARGE', 413, message);
    }
    if (name === 'operations' && !this.#operations && !this.#places) {
      this.#operations = readSmallBody(Buffer.from(value));
    } else if (name === 'map' && this.#operations && !this.#places) {
      this.#places = placesOf(value, this.#operations);
    } else {
      throw malformed(
        `must have the part operations first, then map, then files, but has ${JSON.stringify(name.slice(0, 80))}`,
      );
    }
  }

  #placesOf(name: string): readonly Place[] {
    const places = this.#places?.get(name);
    if (!places) {
      const got = JSON.stringify(name.slice(0, 80));
      throw malformed(
        this.#places
          ? `has the file ${got}, which map does not name, or which came already`
          : `must have the parts operations and map before files, but has the file ${got}`,
      );
    }
    this.#places?.delete(name);
    return places;
  }

  #put(places: readonly Place[], file: FileUpload): void {
    for (const place of places) {
      const last = place.at(-1) as string;
      holderOf(this.#operations as object, place)[last] = file;
    }
  }

  #whole(): GraphQLParams {
    if (!this.#operations || !this.#places)
      throw malformed('must have the parts operations and map');
    const [missing] = this.#places.keys();
    if (missing !== undefined) {
      throw malformed(`has no file ${JSON.stringify(missing.slice(0, 80))}, which map names`);
    }
    return this.#operations;
  }
}

/** @throws GraphQLError BAD_REQUEST when it does not say where files belong. */
function placesOf(text: string, operations: GraphQLParams): Map<string, readonly Place[]> {
  const map = parse(text);
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw malformed('has a map that is no object of lists of paths');
  }
  const places = new Map<string, readonly Place[]>();
  const taken = new Set<string>();
  for (const [name, paths] of Object.entries(map)) {
    if (!Array.isArray(paths) || paths.length === 0) {
      throw malformed(
        `has a map in which ${JSON.stringify(name.slice(0, 80))} is no list of paths`,
      );
    }
    places.set(
      name,
      paths.map((path) => {
        if (taken.has(path)) throw malformed('has a map that names one path twice');
        taken.add(path);
        return placeOf(path, operations);
      }),
    );
  }
  if (taken.size > requestLimits.filesPerRequestMax) throw tooMany();
  return places;
}

/** Where a path leads: to a null of the variables, in which a file has its place. */
function placeOf(path: unknown, operations: object): Place {
  const place = typeof path === 'string' ? path.split('.') : [];
  const last = place.at(-1) ?? '';
  const isVariable = place[0] === 'variables' && place.length > 1;
  const holder = isVariable ? holderOf(operations, place) : {};
  if (!Object.hasOwn(holder, last) || holder[last] !== null) {
    const got = JSON.stringify(path)?.slice(0, 80);
    throw malformed(`has a map whose path ${got} does not lead to a null in the variables`);
  }
  return place;
}

/** What holds the last step of a place; an empty one where it leads nowhere. */
function holderOf(operations: object, place: Place): Record<string, unknown> {
  let holder: unknown = operations;
  for (const step of place.slice(0, -1)) {
    const isThere = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, step);
    holder = isThere ? (holder as Record<string, unknown>)[step] : {};
  }
  return (typeof holder === 'object' && holder !== null ? holder : {}) as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`has a map that is no JSON: ${messageOf(error)}`);
  }
}

function tooMany() {
  const { filesPerRequestMax } = requestLimits;
  const message = `One request may have at most ${filesPerRequestMax} files (filesPerRequestMax).`;
  return refusal('BODY_TOO_LARGE', 413, message);
}

function malformed(what: string) {
  return refusal('BAD_REQUEST', 400, `The request body ${what}.`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
