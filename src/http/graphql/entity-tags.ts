/** Entity tags (ETags) of GraphQL answers, as RFC 9110, section 8.8.3, has them. */
import { createHash } from 'node:crypto';
import { type GraphQLSchema, printSchema } from 'graphql';
import type { Position } from '../../entities/index.ts';
import { packageVersion } from '../server/package-version.ts';

/** What an answer depends on, beside the position: what was asked, and in which form. */
export interface Asked {
  readonly query: string | undefined;
  readonly operationName: string | undefined;
  readonly variables: unknown;
  /** The Accept header, which decides on the answer's media type. */
  readonly accept: string;
  /** The same for viewers who see the same. */
  readonly seen: string;
}

/** Tags differ between logs, schemas and releases of Everstate, any of which may answer otherwise. */
export class EntityTags {
  readonly #logId: string;
  readonly #schema: GraphQLSchema;
  #server: string | null = null;

  constructor(logId: string, schema: GraphQLSchema) {
    this.#logId = logId;
    this.#schema = schema;
  }

  /**
   * The tag of an answer that a position and what was asked determine. It is strong: two answers
   * with one tag are the same to the byte.
   */
  atPosition(position: Position, asked: Asked): string {
    return `"${this.#digest('position', position, asked)}"`;
  }

  /**
   * The tag of any other answer, made of what it says. It is weak: two answers with one tag say
   * the same, each at its own `extensions.position`.
   * @param data the digest of the answer's data.
   */
  ofData(data: string, asked: Asked): string {
    return `W/"${this.#digest('data', data, asked)}"`;
  }

  #digest(kind: string, what: unknown, asked: Asked): string {
    const { accept, query, operationName, variables, seen } = asked;
    this.#server ??= digest([packageVersion(), printSchema(this.#schema)]);
    const server = this.#server;
    return digest([kind, this.#logId, server, what, accept, seen, query, operationName, variables]);
  }
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
