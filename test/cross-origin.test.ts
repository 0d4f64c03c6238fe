/** Which web pages may call the server from a browser. */
import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { openTemporary } from './support/temporary-store.ts';

const allowed = (response: Response) => response.headers.get('access-control-allow-origin');

async function preflight(origin: string, allowedOrigins: string[] = []): Promise<Response> {
  const store = await openTemporary();
  const app = createApp(store, { allowedOrigins });
  return await app.fetch('http://localhost:4000/graphql', {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
}

test.each(['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:8080'])(
  'a page from this machine may call: %s',
  async (origin) => {
    const response = await preflight(origin);
    expect(allowed(response)).toBe(origin);
    expect(response.headers.get('access-control-allow-headers')).toBe('content-type');
  },
);

test.each([
  'https://example.com',
  'http://localhost.example.com',
  'http://127.0.0.1.example.com',
  'null',
])('a page from elsewhere may not: %s', async (origin) => {
  expect(allowed(await preflight(origin))).toBeNull();
});

test('a page of an allowed origin may, and no other', async () => {
  const origins = ['https://app.example'];
  expect(allowed(await preflight('https://app.example', origins))).toBe('https://app.example');
  const others = ['http://app.example', 'https://app.example:8443', 'https://my.app.example'];
  for (const other of others) expect(allowed(await preflight(other, origins))).toBeNull();
});
