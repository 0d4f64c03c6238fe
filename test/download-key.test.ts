/** The key that signs downloads: one for each data directory. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WrongSetting } from '../src/config.ts';
import { downloadKeyIn } from '../src/download-key.ts';
import { temporaryDirectory } from './support/temporary-store.ts';

test('the key is made once, for its owner’s eyes alone, and found again', () => {
  const directory = temporaryDirectory();
  const key = downloadKeyIn(directory);
  expect(key).toHaveLength(32);
  expect(downloadKeyIn(directory)).toEqual(key);
  expect(downloadKeyIn(temporaryDirectory())).not.toEqual(key);
  expect(statSync(join(directory, 'download-key')).mode & 0o777).toBe(0o600);
});

test.each(['', 'short', 'ab'.repeat(31)])('a file that holds %j is refused, and stays', (text) => {
  const directory = temporaryDirectory();
  const path = join(directory, 'download-key');
  writeFileSync(path, text);
  expect(() => downloadKeyIn(directory)).toThrow(WrongSetting);
  expect(() => downloadKeyIn(directory)).toThrow('must have 32 bytes in hexadecimal');
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a directory that cannot be written to is told of in one line', () => {
  const missing = join(temporaryDirectory(), 'nowhere');
  expect(() => downloadKeyIn(missing)).toThrow(/cannot be read or made \(ENOENT\)\.$/);
});
