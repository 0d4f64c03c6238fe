/** Sends writes, each under its idempotency key, and tells what is known of them afterwards. */
import { CombinedError, type OperationResult, type TypedDocumentNode } from 'urql';
import { present } from '../client.ts';
import type { WriteOptions } from '../graphql/writes.ts';
import { fetchAsViewer } from '../identity/sign-in.ts';
import { attemptOf } from './attempts.ts';

/** How long an answer is waited for: a connection that is dead may not say so for minutes. */
const answerMsMax = 30_000;

/** With these codes the server refuses before it writes; after others it may have written. */
const refusals: readonly unknown[] = [
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'BODY_TOO_LARGE',
  'DOCUMENT_TOO_LARGE',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'UNSUPPORTED_MEDIA_TYPE',
];

/** The answer to a write, or why there is none. */
export type Answer<Result> =
  | { readonly kind: 'answered'; readonly result: Result }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unknown' };

/**
 * @param seen the revision that its maker saw, where the variables do not say it: a write of the same
 *   kind after another change is another write.
 * @returns never throws: what goes wrong on the way leaves unknown what became of the write.
 */
export async function send<Result, Variables extends { readonly options: WriteOptions }>(
  document: TypedDocumentNode<Readonly<Record<string, Result>>, Variables>,
  variables: Variables,
  seen?: number,
): Promise<Answer<Result>> {
  const { key, settle } = attemptOf([document.loc?.source.body, variables, seen]);
  const options = { ...variables.options, idempotencyKey: key };
  const answer = answerOf(await answerTo(document, { ...variables, options }));
  if (answer.kind !== 'unknown') settle();
  return answer;
}

type Returned<Result> = Pick<OperationResult<Readonly<Record<string, Result>>>, 'data' | 'error'>;

async function answerTo<Result, Variables extends { readonly options: WriteOptions }>(
  document: TypedDocumentNode<Readonly<Record<string, Result>>, Variables>,
  variables: Variables,
): Promise<Returned<Result>> {
  try {
    return await present.mutation(document, variables, { fetch: fetchThem }).toPromise();
  } catch (networkError) {
    console.error(networkError);
    return { error: new CombinedError({ networkError: networkError as Error }) };
  }
}

function answerOf<Result>({ data, error }: Returned<Result>): Answer<Result> {
  const [result] = Object.entries(data ?? {}).flatMap(([name, it]) =>
    name === '__typename' || it === null ? [] : [it],
  );
  if (result !== undefined) return { kind: 'answered', result };
  const errors = error?.graphQLErrors ?? [];
  const isRefused =
    errors.length > 0 && errors.every(({ extensions }) => refusals.includes(extensions.code));
  const message = errors.map((it) => it.message).join(' ');
  return isRefused ? { kind: 'refused', message } : { kind: 'unknown' };
}

const fetchThem: typeof fetch = (input, init) => fetchAsViewer(input, init, fetchInTime);

const fetchInTime: typeof fetch = async (input, init) => {
  const late = new AbortController();
  const reason = new DOMException('The server did not answer in time.', 'TimeoutError');
  setTimeout(() => late.abort(reason), answerMsMax);
  const signals = init?.signal ? [init.signal, late.signal] : [late.signal];
  return await fetch(input, { ...init, signal: AbortSignal.any(signals) });
};
