/** Any mutation through the API, by its name and arguments. */
import { expect } from 'vitest';
import { type ApiAnswer, problemFields, type TestApi } from './api.ts';

type Args = Readonly<Record<string, unknown>>;

/** A value as GraphQL writes it. */
function literal(value: unknown, name = ''): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{ ${fields(value as Args)} }`;
  return name === 'onConflict' ? String(value) : JSON.stringify(value);
}

function fields(args: Args): string {
  return Object.entries(args)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${literal(value, name)}`)
    .join(', ');
}

/** A mutation as a field of a document. @param asked what is asked of its payload. */
export function mutationField(name: string, args: Args, asked: string): string {
  const payload =
    name === 'revertTransaction' ? 'Revert' : name.charAt(0).toUpperCase() + name.slice(1);
  return `${name}(${fields(args)}) {
    __typename
    ... on ${payload}Payload { ${asked} }
    ${problemFields}
  }`;
}

/** Sends a mutation that may fail as a whole. */
export async function send(
  api: TestApi,
  name: string,
  args: Args,
  asked = 'transaction { id }',
): Promise<ApiAnswer> {
  return await api.ask(`mutation { result: ${mutationField(name, args, asked)} }`);
}

/** Sends a mutation: the member of its result union, a payload or a problem. */
export async function mutate(
  api: TestApi,
  name: string,
  args: Args,
  asked?: string,
): Promise<ApiAnswer['data']> {
  const { data, errors } = await send(api, name, args, asked);
  expect(errors).toBeUndefined();
  return data.result;
}

/** Sends a mutation that is refused, and of which nothing is kept: the problem. */
export async function refused(api: TestApi, name: string, args: Args): Promise<ApiAnswer['data']> {
  const before = await api.position();
  const answer = await mutate(api, name, args);
  expect(answer.__typename).not.toContain('Payload');
  expect(answer.message).toMatch(/\w+ .*\.$/s);
  expect(await api.position()).toBe(before);
  return answer;
}
