/** What the bytes of a file are said to be, and that none of them run in the server's origin. */
import { expect, onTestFinished, test } from 'vitest';
import { listen, openApi } from './support/api.ts';
import { launchBrowser } from './support/browser.ts';
import { putFiles } from './support/stored-files.ts';

/** Headers of a file, asked for at /files/f. */
async function headersOf(
  file: { filename: string; filetype?: string; contents?: string },
  query = '',
): Promise<Headers> {
  const api = await openApi();
  const { url } = await listen(api.app);
  await putFiles(api.store, [{ id: 'f', contents: 'x', ...file }]);
  const response = await fetch(`${url}/files/f${query}`);
  expect(response.status).toBe(200);
  await response.arrayBuffer();
  return response.headers;
}

test.for([
  ['f.csv', undefined, 'text/csv'],
  ['f.CSV', undefined, 'text/csv'],
  ['archive.tar.gz', undefined, 'application/gzip'],
  ['f.json', undefined, 'application/json'],
  ['f', undefined, 'application/octet-stream'],
  ['png', undefined, 'application/octet-stream'],
  ['.png', undefined, 'application/octet-stream'],
  ['f.unheard-of', undefined, 'application/octet-stream'],
  ['f.txt', 'csv', 'text/csv'],
  ['f.txt', '.CSV', 'text/csv'],
  ['f.txt', ' text/markdown ', 'text/markdown'],
  ['f.txt', 'text/csv; charset=iso-8859-1', 'text/csv; charset=iso-8859-1'],
  ['f.txt', 'application/vnd.of-our-own+json', 'application/vnd.of-our-own+json'],
  ['f.txt', 'unheard-of', 'text/plain'],
  ['f.txt', 'a/b/c', 'text/plain'],
  ['f.txt', 'dir/f.html', 'dir/f.html'],
  ['f.txt', 'text/html\r\nset-cookie: a=b', 'text/plain'],
  ['f.txt', 'text/ü', 'text/plain'],
  ['f.txt', '', 'text/plain'],
  ['f.txt', 'constructor', 'text/plain'],
] as const)('%s, said to be %j, is of type %s', async ([filename, filetype, type]) => {
  const headers = await headersOf({ filename, ...(filetype !== undefined && { filetype }) });
  expect(headers.get('content-type')).toBe(type);
  expect(headers.get('set-cookie')).toBe(null);
});

test.for([
  ['f.png', 'image/png'],
  ['f.jpg', 'image/jpeg'],
  ['f.gif', 'image/gif'],
  ['f.webp', 'image/webp'],
  ['f.avif', 'image/avif'],
  ['f.txt', 'text/plain; charset=utf-8'],
] as const)('%s is shown to whoever wants to look at it', async ([filename, type]) => {
  const headers = await headersOf({ filename }, '?inline');
  expect(headers.get('content-disposition')).toBe(`inline; filename=${filename}`);
  expect(headers.get('content-type')).toBe(type);
  expect(headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  const saved = await headersOf({ filename });
  expect(saved.get('content-disposition')).toBe(`attachment; filename=${filename}`);
});

test('text says its own encoding where somebody gave it one', async () => {
  const file = { filename: 'f', filetype: 'text/plain; charset=iso-8859-1' };
  expect((await headersOf(file, '?inline')).get('content-type')).toBe(file.filetype);
});

test.for([
  { filename: 'f.html' },
  { filename: 'f.xhtml' },
  { filename: 'f.svg' },
  { filename: 'f.xml' },
  { filename: 'f.pdf' },
  { filename: 'f.js' },
  { filename: 'f.css' },
  { filename: 'f.mhtml' },
  { filename: 'f' },
  { filename: 'f.png', filetype: 'text/html' },
  { filename: 'f.png', filetype: 'TEXT/HTML;x=y' },
  { filename: 'f.png', filetype: 'image/svg+xml' },
  { filename: 'f.png', filetype: 'multipart/x-mixed-replace' },
])('what may run something is saved, whoever wants to look at it: %j', async (file) => {
  const headers = await headersOf(file, '?inline');
  expect(headers.get('content-disposition')).toMatch(/^attachment; /);
  expect(headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test.for([
  ['a plain name', 'f.txt', 'attachment; filename=f.txt'],
  ['a name with spaces', 'a b.txt', 'attachment; filename="a b.txt"'],
  ['quotes and a backslash', 'a"b\\c', 'attachment; filename="a\\"b\\\\c"'],
  ['a percent sign', '100%25', "attachment; filename=100%25; filename*=UTF-8''100%2525"],
  ['another script', '世界', `attachment; filename="??"; filename*=UTF-8''%E4%B8%96%E7%95%8C`],
  ['a line break', 'a\r\nb', `attachment; filename="a??b"; filename*=UTF-8''a%0D%0Ab`],
  [
    'marks from right to left',
    '\u202egpj.exe',
    `attachment; filename="?gpj.exe"; filename*=UTF-8''%E2%80%AEgpj.exe`,
  ],
] as const)('%s comes to the disk as it is', async ([, filename, disposition]) => {
  expect((await headersOf({ filename })).get('content-disposition')).toBe(disposition);
});

test('a stored page does not run in the server’s origin, and a picture is shown', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const script = "<script>fetch('/ran')</script>";
  const pixel = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  await putFiles(api.store, [
    { id: 'page', filename: 'a.html', contents: script },
    { id: 'text', filename: 'a.txt', contents: script },
    { id: 'false', filename: 'a.png', contents: script },
    { id: 'picture', filename: 'b.png', contents: pixel },
  ]);
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  // What is saved is no page to go to.
  await expect(page.goto(`${url}/files/page?inline`)).rejects.toThrow(/Download is starting/);
  for (const id of ['text', 'false', 'picture']) await page.goto(`${url}/files/${id}?inline`);
  expect(await page.evaluate(() => document.images[0]?.naturalWidth)).toBe(1);
  expect(await page.evaluate(() => window.origin)).toBe('null');
  expect(asked).not.toContain('/ran');
}, 60_000);
