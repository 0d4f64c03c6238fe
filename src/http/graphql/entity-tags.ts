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
}

/**
 * Makes strong tags: two answers with one tag are the same to the byte. They differ between logs,
 * schemas and releases of Everstate, any of which may answer otherwise at the same position.
 */
export class EntityTags {
  readonly #logId: string;
  readonly #schema: GraphQLSchema;
  #server: string | null = null;

  constructor(logId: string, schema: GraphQLSchema) {
    this.#logId = logId;
    this.#schema = schema;
  }

  /** The tag of an answer that a position and what was asked determine. */
  atPosition(position: Position, asked: Asked): string {
    const { query, operationName, variables, accept } = asked;
    this.#server ??= digest([packageVersion(), printSchema(this.#schema)]);
    const server = this.#server;
    const form = [accept, query, operationName, variables];
    return tag(['position', this.#logId, server, position, ...form]);
  }

  /** The tag of any other answer, made of all that it says. */
  ofContents(contents: string, { accept }: Asked): string {
    return tag(['contents', accept, contents]);
  }
}

function tag(parts: readonly unknown[]): string {
  return `"${digest(parts)}"`;
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
