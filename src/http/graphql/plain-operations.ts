/**
 * The short road of plain operations. A small POST of one query or mutation, as most clients send
 * it, is read off Node's request, executed by the same plugins as any other, and written to Node's
 * response: to make a Request and a Response of the Fetch API of them, and to ask every plugin about
 * these, costs as much as all the rest. Whatever is not plain, in what it asks or in how it is
 * answered, goes on through Yoga, with what was read and executed of it so far.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type ExecutionArgs, GraphQLError, getOperationAST, OperationTypeNode } from 'graphql';
import type { GraphQLParams, Plugin, YogaServerInstance } from 'graphql-yoga';
import type { Viewers } from '../identity/viewers.ts';
import { type MaskError, markOf, requestIdHeader } from '../server/request-mark.ts';
import { answerHeaders } from '../server/security-headers.ts';
import { type Answer, answerPieces, dataJson } from './answers.ts';
import { readSmallBody } from './json-body.ts';
import type { OperationWatch } from './operation-watch.ts';
import { TrustedDocuments } from './trusted-documents.ts';
import { answerType, jsonTypes } from './use-answer-forms.ts';
import { largeAnswerBytes } from './use-unread-answers.ts';

/** A larger body takes a while to be read, for which Yoga's road has its turns. */
const bodyBytesMax = 64 * 1024;

const contentTypes = ['application/json', 'application/json; charset=utf-8'];

/** What an answer may depend on besides its operation, or how a body may be sent otherwise. */
const otherHeaders = ['origin', 'content-encoding', 'transfer-encoding', 'last-event-id'] as const;

const parameters = ['query', 'variables', 'operationName', 'extensions'];

// biome-ignore lint/suspicious/noExplicitAny: the contexts of a Yoga do not matter here
type AnyYoga = YogaServerInstance<any, any>;

interface ServerContext {
  readonly req?: IncomingMessage;
}

export class PlainOperations {
  readonly #bodyBytesMax: number;
  readonly #viewers: Viewers;
  readonly #documents: TrustedDocuments;
  readonly #maskError: MaskError;
  readonly #watch: OperationWatch | null;
  /** What was executed here and is answered by Yoga. */
  readonly #executed = new WeakMap<IncomingMessage, Answer>();

  /** Has Yoga take the answers that are there instead of executing once more. */
  readonly plugin: Plugin<ServerContext> = {
    onParams: ({ context, setResult }) => {
      const { req } = context as ServerContext;
      const answer = req && this.#executed.get(req);
      if (answer) setResult(answer);
    },
  };

  /**
   * @param bytesMax how many bytes any body may have.
   * @param viewers tells who asks: for nobody nothing is read.
   * @param maskError what a client may see of an error.
   * @param documents whose ids may stand for them.
   * @param watch told of every operation that is answered here; null where nobody wants to know.
   */
  constructor(
    bytesMax: number,
    viewers: Viewers,
    maskError: MaskError,
    documents = new TrustedDocuments(),
    watch: OperationWatch | null = null,
  ) {
    this.#documents = documents;
    this.#bodyBytesMax = Math.min(bytesMax, bodyBytesMax);
    this.#viewers = viewers;
    this.#maskError = maskError;
    this.#watch = watch;
  }

  /** The same Yoga; called with a request of Node it answers plain operations by the short road. */
  before<Yoga extends AnyYoga>(yoga: Yoga): Yoga {
    const pass = yoga as unknown as (...args: readonly unknown[]) => unknown;
    return new Proxy(yoga, {
      apply: (_yoga, _this, args: readonly unknown[]) => {
        const [request, response] = args as [IncomingMessage, ServerResponse];
        const type = args.length === 2 && this.#plainType(request, yoga.graphqlEndpoint);
        if (!type) return pass(...args);
        const mark = markOf({ req: request });
        const read = () =>
          whenRead(request, async (body) => {
            const executed = await this.#execute(yoga, request, response, body);
            if (executed?.json) {
              write(response, type, executed.json, mark.id);
              this.#watch?.finished(mark, mark.startedAt, executed.args, executed.answer);
              return;
            }
            if (executed) this.#executed.set(request, executed.answer);
            return pass(Object.assign(request, { body: Readable.from([body]) }), response);
          });
        if (!this.#viewers.areAsked) return read();
        // Yoga meets the same, and says so.
        this.#viewers.of({ req: request }).then(read, () => pass(...args));
      },
      // Node calls its listeners by their `apply`, and Yoga's own leads past this one.
      get: (_yoga, name) => Reflect.get(name === 'apply' ? Function.prototype : yoga, name),
    });
  }

  /** The media type of the answer to what may be a plain operation; null when it is none. */
  #plainType({ method, url, headers }: IncomingMessage, endpoint: string): string | null {
    if (method !== 'POST' || url !== endpoint) return null;
    if (!contentTypes.includes(headers['content-type'] ?? '')) return null;
    const length = Number(headers['content-length']);
    if (!(length > 0 && length <= this.#bodyBytesMax)) return null;
    if (otherHeaders.some((name) => headers[name] !== undefined)) return null;
    const type = answerType(headers.accept ?? null)?.type;
    return type !== undefined && jsonTypes.includes(type) ? type : null;
  }

  /** @returns null where nothing was executed, and Yoga has to say why or do it. */
  async #execute(
    yoga: AnyYoga,
    req: IncomingMessage,
    res: ServerResponse,
    body: Buffer,
  ): Promise<Executed | null> {
    const operation = prepare(yoga, req, res, body, this.#documents);
    if (!operation) return null;
    const { enveloped, document, params } = operation;
    try {
      const args: ExecutionArgs = {
        schema: enveloped.schema,
        document,
        contextValue: await enveloped.contextFactory(),
        variableValues: params.variables ?? null,
        operationName: params.operationName ?? null,
      };
      const answer: Answer = await enveloped.execute(args);
      return { args, answer, json: plainJson(answer) };
    } catch (error) {
      const masked = this.#maskError(error, { req });
      const shown = masked instanceof GraphQLError ? masked : new GraphQLError(masked.message);
      return { args: null, answer: { errors: [shown] }, json: null };
    }
  }
}

interface Executed {
  /** What was executed; null where it was refused. */
  readonly args: ExecutionArgs | null;
  readonly answer: Answer;
  /** The answer as it is sent; null where there is more to it than small data. */
  readonly json: string | null;
}

function plainJson(answer: Answer): string | null {
  if (answer.errors || answer.extensions?.http) return null;
  if ((answer[dataJson]?.bytes ?? 0) >= largeAnswerBytes) return null;
  const json = [...answerPieces(answer)].join('');
  return Buffer.byteLength(json) < largeAnswerBytes ? json : null;
}

/** What is to be executed; null where it is not plain, or is wrong. */
function prepare(
  yoga: AnyYoga,
  req: IncomingMessage,
  res: ServerResponse,
  body: Buffer,
  documents: TrustedDocuments,
) {
  try {
    const params = documents.resolve(readSmallBody(body));
    if (!isPlain(params)) return null;
    const enveloped = yoga.getEnveloped({ req, res, params });
    const document = enveloped.parse(params.query);
    if (enveloped.validate(enveloped.schema, document).length > 0) return null;
    const kind = getOperationAST(document, params.operationName)?.operation;
    if (kind !== OperationTypeNode.QUERY && kind !== OperationTypeNode.MUTATION) return null;
    return { enveloped, document, params };
  } catch {
    // Nothing was executed yet: Yoga meets the same, and tells of it.
    return null;
  }
}

function isPlain(params: GraphQLParams): boolean {
  const { query, variables, operationName, extensions } = params;
  return (
    typeof query === 'string' &&
    (operationName == null || typeof operationName === 'string') &&
    [variables, extensions].every((each) => typeof each === 'object' || each === undefined) &&
    !Array.isArray(params) &&
    ![variables, extensions].some(Array.isArray) &&
    Object.keys(params).every((name) => parameters.includes(name))
  );
}

/** A body whose length Node has seen to. A client that leaves before its end is answered nothing. */
function whenRead(request: IncomingMessage, use: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () =>
    use(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
  );
}

function write(response: ServerResponse, type: string, json: string, requestId: string): void {
  response.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(json),
    'cache-control': 'no-store',
    vary: 'accept, origin',
    [requestIdHeader]: requestId,
    ...answerHeaders,
  });
  response.end(json);
}
