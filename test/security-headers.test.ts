/** What every answer tells browsers, whichever road it went. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { FrontDoor, hostRule } from '../src/http/index.ts';
import { inlineSource } from '../src/http/server/security-headers.ts';
import { listen, openApi, type TestApi, write } from './support/api.ts';
import { launchBrowser, openPage } from './support/browser.ts';

const answerPolicy = "default-src 'none'; frame-ancestors 'none'";

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks over the network: the status, headers and text of the answer. */
async function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  const request = httpRequest(url, { method, headers });
  request.end(body);
  const [response] = await once(request, 'response');
  // Or a letter that lies on the border of two chunks would be broken.
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode as number, headers: response.headers, text };
}

const json = { 'content-type': 'application/json' };

async function fileUrl(api: TestApi): Promise<string> {
  const data = Buffer.from('<script>1</script>').toString('base64');
  const input = { path: '/a', filename: 'a.html', data };
  return (await write(api, 'create', 'LakeFile', input)).record.downloadUrl;
}

function expectSafe(headers: IncomingHttpHeaders): void {
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  });
  expect(headers, 'that is for who serves HTTPS').not.toHaveProperty('strict-transport-security');
}

test('whatever is no page may load and run nothing, should it be shown as one', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const download = new URL(await fileUrl(api), url).href;
  const ping = '{"query":"{ __typename }"}';
  const asked: [string, string, Asked, number][] = [
    ['the short road', '/graphql', { method: 'POST', headers: json, body: ping }, 200],
    ['errors', '/graphql', { method: 'POST', headers: json, body: '{"query":"{ x }"}' }, 200],
    ['no JSON', '/graphql', { method: 'POST', headers: json, body: 'x' }, 400],
    [
      'a page of this machine',
      '/graphql',
      { method: 'POST', headers: { ...json, origin: url }, body: ping },
      200,
    ],
    ['GET', '/graphql?query=%7B__typename%7D', { headers: { accept: 'application/json' } }, 200],
    [
      'HEAD',
      '/graphql?query=%7B__typename%7D',
      { method: 'HEAD', headers: { accept: 'application/json' } },
      200,
    ],
    ['a page’s question before', '/graphql', { method: 'OPTIONS', headers: { origin: url } }, 204],
    ['another method', '/graphql', { method: 'PUT' }, 405],
    ['health', '/health', {}, 200],
    ['a file', download, {}, 200],
    ['a part of a file', download, { headers: { range: 'bytes=0-1' } }, 206],
    ['no file', '/files/x/1', {}, 404],
    ['no guide', '/docs/x', {}, 404],
    ['the script of guides', '/docs/copy.js', {}, 200],
    ['no file of the board', '/board/assets/x.js', {}, 404],
    ['nothing', '/nothing', {}, 404],
  ];
  for (const [what, path, init, status] of asked) {
    const answer = await ask(new URL(path, url).href, init);
    expect([what, answer.status]).toEqual([what, status]);
    expectSafe(answer.headers);
    const isFile = what.endsWith('a file');
    const policy = isFile ? `sandbox; ${answerPolicy}` : answerPolicy;
    expect([what, answer.headers['content-security-policy']]).toEqual([what, policy]);
  }
});

test('what is refused at the door has them, as has a WebSocket that is not opened', async () => {
  const door = new FrontDoor(hostRule('127.0.0.1', []));
  const server = createServer((request, response) => void door.answers(request, response));
  const api = await openApi();
  const closeWebSockets = api.app.acceptWebSockets(server, door);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    closeWebSockets();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
  for (const [path, headers, status] of [
    ['/', { host: 'evil.test' }, 421],
    ['/nothing', { ...upgrade, host: 'localhost' }, 404],
    ['/graphql', { ...upgrade, host: 'localhost', origin: 'https://evil.test' }, 403],
  ] as const) {
    const answer = await ask(url + path, { headers });
    expect(answer.status).toBe(status);
    expectSafe(answer.headers);
    expect(answer.headers['content-security-policy']).toBe(answerPolicy);
  }
});

test('pages run only what comes from this server, and are framed by none', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  for (const path of ['/', '/docs', '/docs/README.md', '/docs/schema', '/board', '/graphql']) {
    const { headers, text } = await ask(url + path, { headers: { accept: 'text/html' } });
    expect(headers['content-type'], path).toMatch(/^text\/html/);
    expectSafe(headers);
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("object-src 'none'; base-uri 'none'; form-action 'self'");
    expect(policy, 'no script in place is allowed but by its digest').not.toMatch(
      /unsafe-eval|script-src[^;]*(unsafe-inline|\*|http)/,
    );
    const scripts = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) => script);
    for (const script of scripts) expect(policy).toContain(inlineSource(script ?? ''));
    expect(text, 'an attribute would need to be allowed by its own').not.toMatch(
      /<[a-z]+ [^<>]*\son\w+=/,
    );
  }
});

test('a script that got into a page is not run, nor is the page framed', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  for (const path of ['/', '/docs/README.md', '/graphql']) {
    const { page, complaints } = await openPage(browser, url + path);
    expect(complaints).toEqual([]);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      const image = document.createElement('img');
      image.setAttribute('onerror', 'window.ran = true');
      image.src = 'data:,';
      document.body.append(image);
    });
    await expect
      .poll(() => complaints.filter((each) => /Content Security Policy/.test(each)).length)
      .toBeGreaterThanOrEqual(2);
    expect(await page.evaluate(() => 'ran' in window)).toBe(false);
    await page.context().close();
  }
  const framing = createServer((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<iframe src="${url}/"></iframe><iframe src="${url}/health"></iframe>`),
  );
  await new Promise<void>((listening) => framing.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void framing.close());
  const { port } = framing.address() as AddressInfo;
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const framed = page.frames().slice(1);
  expect(framed).toHaveLength(2);
  // A browser shows a page of its own where one may not be framed.
  for (const frame of framed) expect(frame.url()).toMatch(/^chrome-error:/);
});
