/** GraphQL over HTTP, as its specification has it: every audit of graphql-http, over a real port. */
import { type AuditResult, serverAudits } from 'graphql-http';
import { expect, test } from 'vitest';
import { listen, openApi } from './support/api.ts';

/** Recommendations (SHOULD, MAY) that the server does not follow: an audit's id, and its notice. */
const notFollowed: Readonly<Record<string, string>> = {};

let url = '';
const audits = serverAudits({ url: () => url }).map(({ id, name, fn }) => [id, name, fn] as const);

test('no audit is missing', () => {
  expect(audits.length).toBe(61);
  expect(new Set(audits.map(([id]) => id)).size).toBe(61);
});

test.each(audits)('%s: the server %s', async (id, _name, audit) => {
  const { app } = await openApi();
  url = `${(await listen(app)).url}/graphql`;
  expect(noticeOf(await audit())).toBe(notFollowed[id] ?? null);
});

/** Null for what passed. */
function noticeOf(result: AuditResult): string | null {
  return result.status === 'ok' ? null : `${result.status}: ${result.reason}`;
}
