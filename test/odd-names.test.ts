/** Names that are odd: each is kept and found again, byte for byte, or refused in words. */
import { expect, test } from 'vitest';
import { listen, openApi } from './support/api.ts';
import { readZip } from './support/zip.ts';

const kept: readonly (readonly [about: string, name: string])[] = [
  ['slashes', 'a/b//c/'],
  ['backslashes', 'a\\b'],
  ['one dot', '.'],
  ['two dots', '..'],
  ['a way out', '../../etc/passwd'],
  ['what Windows keeps for itself', 'CON'],
  ['that with an extension', 'aux.txt'],
  ['a stream of NTFS', 'file.txt:stream'],
  ['a dot and a space at its end', 'name. '],
  ['marks that turn its direction', 'txt\u202ecod\u200f.exe'],
  ['control characters', 'a\r\n\u0007b'],
  ['a percent sign', '%2e%2e%2f'],
  ['quotes and a semicolon', '"; filename="x.exe'],
  ['emoji', '👩‍👩‍👧.txt'],
  ['what JavaScript inherits', '__proto__'],
  ['1,000 characters', 'x'.repeat(1_000)],
];

test('a file whose name is odd is kept and found, byte for byte', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  for (const [place, [about, filename]] of kept.entries()) {
    const variables = { path: String(place), filename };
    const { createLakeFile } = await api.data(
      `mutation ($path: String!, $filename: String!) {
        createLakeFile(input: { path: $path, filename: $filename, text: "it" }) {
          ... on CreateLakeFilePayload { lakeFile { id downloadUrl } } } }`,
      variables,
    );
    const { id, downloadUrl } = createLakeFile.lakeFile;
    const found = await api.data(
      `query ($path: String!, $filename: String!) {
        lakeFileByPath(path: $path, filename: $filename) { id text } }`,
      variables,
    );
    expect(found.lakeFileByPath, about).toEqual({ id, text: 'it' });
    const download = await fetch(new URL(downloadUrl, url));
    expect([download.status, await download.text()], about).toEqual([200, 'it']);
    expect(download.headers.get('content-disposition'), about).toMatch(/^attachment/);
    const folder = `${url}/files/by-path/${place}/`;
    const { entries } = await (await fetch(folder)).json();
    expect(entries, about).toMatchObject([{ kind: 'file', name: filename }]);
    expect(await (await fetch(new URL(entries[0].url, url))).text(), about).toBe('it');
    const zip = await readZip(new Uint8Array(await (await fetch(`${folder}?zip`)).arrayBuffer()));
    expect(
      zip.map(([, contents]) => String(contents)),
      about,
    ).toEqual(['it']);
  }
});

test.each([
  ['nothing', ''],
  ['NUL', 'a\0b'],
  ['half of a character', '\ud800'],
  ['5,000 characters', 'x'.repeat(5_000)],
])('a name of %s is refused, and nothing kept', async (_, filename) => {
  const api = await openApi();
  const { createLakeFile } = await api.data(
    `mutation ($filename: String!) { createLakeFile(input: { filename: $filename, text: "it" }) {
      ... on InvalidInput { code issues { path } } } }`,
    { filename },
  );
  expect(createLakeFile).toEqual({ code: 'INVALID_INPUT', issues: [{ path: ['filename'] }] });
  expect((await api.data('{ lakeFiles { totalCount } }')).lakeFiles.totalCount).toBe(0);
});

test('a file whose id is odd is kept and found', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  for (const id of ['.', '..', '../x', '/', 'a/../b', '%2E', 'CON', '\u202e']) {
    const { createLakeFile } = await api.data(
      `mutation ($id: ID!, $path: String!) {
        createLakeFile(input: { id: $id, path: $path, filename: "f.csv", text: "n\\n1\\n" }) {
          ... on CreateLakeFilePayload { lakeFile { id downloadUrl table { rows } } } } }`,
      { id, path: id },
    );
    const { downloadUrl, ...lakeFile } = createLakeFile.lakeFile;
    expect(lakeFile).toEqual({ id, table: { rows: [[1]] } });
    expect(await (await fetch(new URL(downloadUrl, url))).text()).toBe('n\n1\n');
  }
});

test('a file and a folder may have one name: a slash at the end tells them apart', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const put = (path: string) =>
    fetch(`${url}/files/by-path/${path}`, { method: 'PUT', body: path }).then(
      ({ status }) => status,
    );
  expect([await put('a.txt'), await put('a.txt/b.txt')]).toEqual([201, 201]);
  const get = async (path: string) => await (await fetch(`${url}/files/by-path/${path}`)).text();
  expect(await get('a.txt')).toBe('a.txt');
  expect(await get('a.txt/b.txt')).toBe('a.txt/b.txt');
  const { entries } = JSON.parse(await get(''));
  expect(entries).toMatchObject([
    { kind: 'folder', name: 'a.txt' },
    { kind: 'file', name: 'a.txt' },
  ]);
});
