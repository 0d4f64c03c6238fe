/**
 * Documents that are known before anybody asks, by ids that clients send in their place: so a client
 * sends less, and a server may answer nothing else. Yoga has a plugin for it, which knows neither the
 * short road of plain operations nor WebSockets; all roads come by here.
 */
import { GraphQLError, Kind, parse } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { refusal } from './errors.ts';

/** A text that is no list of documents; the message says what is wrong. */
export class WrongDocuments extends Error {}

export class TrustedDocuments {
  readonly #byId: ReadonlyMap<string, string>;
  readonly #isOnly: boolean;
  readonly #known: ReadonlySet<string>;

  /**
   * @param byId documents by their ids, as `readDocuments` gives them.
   * @param isOnly whether no other document is answered.
   */
  constructor(byId: ReadonlyMap<string, string> = new Map(), isOnly = false) {
    this.#byId = byId;
    this.#isOnly = isOnly;
    this.#known = new Set(byId.values());
  }

  /** The names of all operations in them. */
  operationNames(): Set<string> {
    const names = new Set<string>();
    for (const text of this.#known) {
      for (const definition of parse(text).definitions) {
        const isNamed = definition.kind === Kind.OPERATION_DEFINITION && definition.name;
        if (isNamed) names.add(isNamed.value);
      }
    }
    return names;
  }

  /**
   * What is asked, with the text of its document.
   * @throws GraphQLError PERSISTED_QUERY_NOT_FOUND for an id that is not known, DOCUMENT_NOT_TRUSTED
   *   for another document where only these are answered.
   */
  resolve<Params extends Asked>(params: Params): Params {
    const { query } = params;
    const id = documentIdOf(params);
    if (id !== null && !query) {
      const text = this.#byId.get(id);
      // The code, and the case for it, that clients of several makes go on from with the text.
      if (text === undefined) {
        const message = `There is no trusted document ${JSON.stringify(id.slice(0, 80))}.`;
        throw refusal('PERSISTED_QUERY_NOT_FOUND', 400, message);
      }
      const { documentId: _, ...rest } = params;
      return { ...(rest as Params), query: text };
    }
    if (this.#isOnly && !this.#known.has(query ?? '')) {
      const message = 'This server answers trusted documents alone, and this is none.';
      throw refusal('DOCUMENT_NOT_TRUSTED', 400, message);
    }
    return params;
  }
}

/** Puts texts in the place of ids, for requests that go the long road. */
export function useTrustedDocuments(documents: TrustedDocuments): Plugin {
  return {
    onParams({ params, setParams }) {
      const resolved = documents.resolve(params);
      if (resolved !== params) setParams(resolved);
    },
  };
}

/** What a client sends, over HTTP or WebSocket. */
interface Asked {
  readonly query?: string | undefined;
  readonly documentId?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The id that is sent in a document's place: as `documentId`, or as Apollo's clients send it. */
export function documentIdOf({ documentId, extensions }: Asked): string | null {
  const persisted = extensions?.persistedQuery as { readonly sha256Hash?: unknown } | undefined;
  const id = documentId ?? persisted?.sha256Hash;
  return typeof id === 'string' ? id : null;
}

/**
 * Documents from JSON as GraphQL Code Generator and Relay's compiler write it: `{ "id": "text" }`.
 * @throws WrongDocuments that says what is wrong.
 */
export function readDocuments(json: string): Map<string, string> {
  const documents = new Map(Object.entries(objectIn(json)));
  for (const [id, text] of documents) {
    const place = `its document ${JSON.stringify(id.slice(0, 80))}`;
    if (typeof text !== 'string') throw new WrongDocuments(`${place} is no text`);
    try {
      parse(text);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      throw new WrongDocuments(`${place} cannot be read: ${error.message.replace(/\.$/, '')}`);
    }
  }
  return documents as Map<string, string>;
}

function objectIn(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new WrongDocuments('it is no JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new WrongDocuments('it must be an object of documents by their ids');
}
