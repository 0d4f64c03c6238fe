/** Values of records: what the log takes, what it refuses, and that all comes back the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differingFields, InvalidInput, isWellFormed } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { lakeFile } from './support/lake-file.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenValues } from './support/specimen.ts';
import { openTemporary, temporaryDirectory, withStore } from './support/temporary-store.ts';

test('a field that is not given is null, or has its default', async () => {
  const store = await openTemporary();
  const { values } = await store.append(Todo, { status: undefined, subject: null });
  expect(values).toEqual({
    userId: null,
    subject: null,
    body: null,
    priority: 100,
    status: null,
    description: null,
    labels: [],
  });
});

const refusals: [string, object, string][] = [
  ['a text that is too long', { subject: 'x'.repeat(1_001) }, 'subject: may be at most 1000'],
  ['half of a surrogate pair', { body: 'a\ud800b' }, 'body: must be well-formed Unicode'],
  ['the other half', { body: '\udc00' }, 'body: must be well-formed Unicode'],
  ['halves in the wrong order', { body: '\udc00\ud800' }, 'body: must be well-formed Unicode'],
  ['half of a pair in a label', { labels: ['a', '\ud800'] }, 'labels.1: must be well-formed'],
  ['the character U+0000', { body: 'a\0' }, 'body: must not hold the character U+0000'],
  ['a text that is none', { body: 7 }, 'body: must be a text, but was 7'],
  ['a number below its range', { priority: -1 }, 'priority: must be from 0 to 1000000'],
  ['a number above its range', { priority: 1_000_001 }, 'but was 1000001'],
  ['a number with a fraction', { priority: 1.5 }, 'priority: must be a whole number'],
  ['no number', { priority: Number.NaN }, 'priority: must be a whole number'],
  ['a text for a number', { priority: '7' }, 'priority: must be a whole number, but was "7"'],
  ['one label that is no list', { labels: 'a' }, 'labels: must be a list of texts'],
  ['too many labels', { labels: Array(101).fill('a') }, 'labels: may hold at most 100 labels'],
  ['a label that is too long', { labels: ['x'.repeat(257)] }, 'labels.0: may be at most 256'],
  ['a label that is null', { labels: [null] }, 'labels.0: must be a text, but was null'],
  ['a gap among the labels', { labels: Array(1) }, 'labels.0: must be a text'],
  ['an unknown field', { colour: 'red' }, 'colour: is not a field of Todo'],
  ['a field of every object', { constructor: 'red' }, 'constructor: is not a field of Todo'],
  ['an id that is empty', { id: '' }, 'id: must not be empty'],
  ['an id that is too long', { id: 'x'.repeat(257) }, 'id: may be at most 256'],
  [
    'a text of too many characters of two code units',
    { subject: `\u{1f600}${'x'.repeat(1_000)}` },
    'subject: may be at most 1000 characters long, but was 1001.',
  ],
  [
    'a label of too many such characters',
    { labels: ['\u{1f600}'.repeat(257)] },
    'labels.0: may be at most 256 characters long, but was 257.',
  ],
  ['an id of too many such characters', { id: '\u{1f600}'.repeat(257) }, 'but was 257'],
  ['an id that is malformed', { id: '\ud800' }, 'id: must be well-formed'],
];

test.for(refusals)('%s is refused', async ([, input, message]) => {
  const store = await openTemporary();
  await expect(store.append(Todo, input)).rejects.toBeInstanceOf(InvalidInput);
  await expect(store.append(Todo, input)).rejects.toThrow(message);
  expect(await store.head()).toBe(0);
});

test('a patch is checked like a new record', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x' });
  for (const patch of [{ body: '\ud800' }, { priority: null }, { labels: null }, { toString: 1 }]) {
    await expect(store.update(Todo, 'x', patch as never)).rejects.toBeInstanceOf(InvalidInput);
  }
  expect(await store.head()).toBe(1);
});

test('a required field has to be given, is never empty and cannot be cleared', async () => {
  const store = await openTemporary();
  const { filename, ...rest } = lakeFile('a.csv');
  const missing = store.append(LakeFile, rest as never);
  await expect(missing).rejects.toThrow('filename: is required, but was left out');
  const empty = store.append(LakeFile, { ...rest, filename: '' });
  await expect(empty).rejects.toThrow('filename: must not be empty');
  const { id } = await store.append(LakeFile, { ...rest, filename });
  const cleared = store.update(LakeFile, id, { filename: null as never });
  await expect(cleared).rejects.toThrow('filename: cannot be cleared');
});

test('every issue of an input is told at once', async () => {
  const store = await openTemporary();
  const refused = store.append(Todo, { priority: -1, labels: ['', '\ud800'], subject: '\0' });
  const { issues } = await refused.catch((error) => error);
  expect(issues.map(({ path }: { path: string[] }) => path)).toEqual([
    ['subject'],
    ['priority'],
    ['labels', '1'],
  ]);
});

test('values at their limits are kept', async () => {
  const store = await openTemporary();
  const input = {
    id: '\u{1f600}'.repeat(256),
    subject: '\u{1f600}'.repeat(1_000),
    body: 'ä'.repeat(65_536),
    priority: 1_000_000,
    labels: Array.from({ length: 100 }, (_, index) => {
      return '\u{1f600}'.repeat(index) + 'x'.repeat(256 - index);
    }),
  };
  const reason = '\u{1f600}'.repeat(4_096);
  await store.append(Todo, input, { reason, actor: reason });
  const { id, ...values } = input;
  expect((await store.get(Todo, id))?.values).toMatchObject(values);
});

test('labels keep commas, quotes, order and repetition; no label is the empty list', async () => {
  const store = await openTemporary();
  const labels = ['a,b', '', '"', "'", '[]', 'b', 'b', '\u{1f600}'];
  await store.append(Todo, { id: 'x', labels });
  await store.append(Todo, { id: 'y', labels: [] });
  expect((await store.get(Todo, 'x'))?.values.labels).toEqual(labels);
  expect((await store.get(Todo, 'y'))?.values.labels).toEqual([]);
});

test('a list that its owner changes afterwards changes nothing that was written', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const labels = ['a'];
  const written = store.append(Todo, { id: 'x', labels });
  labels.push('b');
  const { values } = await written;
  labels.push('c');
  expect(() => (values.labels as string[]).push('d')).toThrow(TypeError);
  expect((await store.get(Todo, 'x'))?.values.labels).toEqual(values.labels);
  expect((await store.append(Todo, {})).values.labels).toEqual([]);
  expect(await store.verify()).toEqual({ versions: 2, defect: null });
});

test('whatever is written is read back the same from log and replica, before and after a restart', () =>
  checkProperty('values', fc.array(specimenValues, { minLength: 1, maxLength: 8 }), 15, (inputs) =>
    withStore({ entities: [Specimen] }, async (store, directory) => {
      const written = await Promise.all(inputs.map((input) => store.append(Specimen, input)));
      for (const version of written) {
        expect(await store.get(Specimen, version.id)).toEqual(version);
      }
      const { value } = await store.transact((log) =>
        Promise.all(written.map(({ id }) => log.get(Specimen, id))),
      );
      expect(value).toEqual(written);
      await store.close();
      const reopened = await openTemporary({ directory, entities: [Specimen] });
      const found = await Promise.all(written.map(({ id }) => reopened.get(Specimen, id)));
      expect(found).toEqual(written);
      await reopened.close();
    }),
  ));

test('zero has no sign', async () => {
  const store = await openTemporary({ entities: [Specimen] });
  const { values } = await store.append(Specimen, { id: 'x', weight: -0, rank: -0 });
  expect(values).toMatchObject({ weight: 0, rank: 0 });
  expect((await store.get(Specimen, 'x'))?.values).toEqual(values);
});

test('random texts are well formed exactly when UTF-8 keeps them', () =>
  checkProperty('well-formed', fc.string({ unit: 'binary' }), 500, async (text) => {
    expect(isWellFormed(text)).toBe(Buffer.from(text, 'utf8').toString('utf8') === text);
    const halved = `${text}\ud83d`;
    expect(isWellFormed(halved)).toBe(false);
  }));

test('two versions differ in the fields whose values differ, lists compared by their items', async () => {
  const store = await openTemporary();
  const { values: a } = await store.append(Todo, { id: 'x', labels: ['a', 'b'], subject: 's' });
  const { version } = await store.update(Todo, 'x', { labels: ['b', 'a'], subject: 't' });
  expect(differingFields(Todo, a, version.values)).toEqual(['subject', 'labels']);
  expect(differingFields(Todo, a, { ...a, labels: ['a', 'b'] })).toEqual([]);
});
