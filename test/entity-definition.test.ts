/** Defining an entity: what follows from a definition, and which definitions cannot work. */
import { printSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { columnOf, defineEntity, field, LakeFile, Todo } from '../src/entities/index.ts';
import { buildSchema } from '../src/schema/index.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';

const text = field.text({ description: 'A text.' });
const define = (definition: object) =>
  defineEntity({ name: 'Note', description: 'A note.', fields: { text }, ...definition } as never);

test('a name and fields are enough: the rest follows', () => {
  expect(define({})).toMatchObject({
    name: 'Note',
    singular: 'note',
    plural: 'notes',
    enumName: 'NOTE',
    table: 'notes',
    uniqueKey: [],
    defaultOrder: [{ field: 'updatedAt', direction: 'desc' }],
  });
});

test('the words of a name are parted in tables and enums', () => {
  expect(define({ name: 'MeetingNote' })).toMatchObject({
    singular: 'meetingNote',
    plural: 'meetingNotes',
    enumName: 'MEETING_NOTE',
    table: 'meeting_notes',
  });
  expect(columnOf('userId')).toBe('user_id');
});

test.for([
  ['Category', 'categories', /categorys/i],
  ['Box', 'boxes', /boxs/i],
  ['Address', 'addresses', /addresss/i],
  ['Branch', 'branches', /branchs/i],
  ['Key', 'keys', /keies/i],
] as const)('of %s there are %s, wherever they are named', ([name, plural, wrong]) => {
  const entity = define({ name });
  expect(entity).toMatchObject({ plural, table: plural });
  const schema = printSchema(buildSchema([entity]));
  const records = plural.charAt(0).toUpperCase() + plural.slice(1);
  for (const text of [`${plural}OverTime(`, `create${records}(`, `${records} that match`]) {
    expect(schema).toContain(text);
  }
  expect(schema).not.toMatch(wrong);
});

test('a plural of one’s own is named everywhere as well', () => {
  const schema = printSchema(buildSchema([define({ name: 'Person', plural: 'people' })]));
  expect(schema).toContain('People that match');
  expect(schema).not.toMatch(/persons/i);
});

test('a log in which the table of a kind has another plural says how to go on', async () => {
  const directory = temporaryDirectory();
  const before = define({ name: 'Category', table: 'categorys' });
  await (await openTemporary({ directory, entities: [before] })).close();
  const opening = openTemporary({ directory, entities: [define({ name: 'Category' })] });
  await expect(opening).rejects.toThrow('table: "categorys"');
});

test('the shipped entities have the tables that dkdc-state had', () => {
  expect([Todo.table, LakeFile.table]).toEqual(['todos', 'lake']);
});

test('a definition cannot be changed once it was made', () => {
  const Note = define({});
  expect(() => Object.assign(Note, { table: 'other' })).toThrow(TypeError);
  expect(() => Object.assign(Note.fields, { more: text })).toThrow(TypeError);
  expect(() => Object.assign(text, { kind: 'int' })).toThrow(TypeError);
});

describe('a definition is refused for', () => {
  const refused: [string, object, string][] = [
    ['a name without a capital', { name: 'note' }, 'begin with a capital'],
    ['a name with other signs', { name: 'My_Note' }, 'letters and digits'],
    ['a plural like the singular', { plural: 'note' }, 'plural must differ'],
    ['a plural of two words', { plural: 'all notes' }, 'look like "notes"'],
    ['a table that is no name', { table: 'notes; drop' }, 'snake_case'],
    ['a table of the log', { table: 'transactions' }, 'Everstate’s own'.replace('’', "'")],
    ['a table of the replica', { table: 'todos_delta' }, 'not one of'],
    ['a table of SQLite', { table: 'sqlite_notes' }, 'not one of'],
    ['no fields', { fields: {} }, 'no fields'],
    ['a field that is no name', { fields: { 'a-b': text } }, '"a-b"'],
    ['a field of every record', { fields: { revision: text } }, '"revision" is taken'],
    ['a column of every DuckDB table', { fields: { rowid: text } }, '"rowid" is taken'],
    ['a column of every version', { fields: { createdIdx: text } }, '"createdIdx" is taken'],
    ['a property of every object', { fields: { constructor: text } }, '"constructor" is taken'],
    ['a uniqueKey that is no field', { uniqueKey: ['toString'] }, '"toString"'],
    ['an order by what is no field', { defaultOrder: [{ field: 'x' }] }, '"x", which has no order'],
    ['an order by labels', orderByLabels(), 'has no order'],
  ];
  test.for(refused)('%s', ([, definition, message]) => {
    expect(() => define(definition)).toThrow(TypeError);
    expect(() => define(definition)).toThrow(message);
  });
});

function orderByLabels(): object {
  const labels = field.labels({ description: 'Labels.' });
  return { fields: { labels }, defaultOrder: [{ field: 'labels', direction: 'asc' }] };
}

test('a field is required or has a default, not both', () => {
  expect(() => field.int({ description: 'x', required: true, default: 1 } as never)).toThrow(
    'either required or has a default',
  );
});

test('names that mean something to a database are names like any other', async () => {
  const names = ['select', 'order', 'group', 'from', 'oid', 'version', 'newer', 'record'];
  const fields = Object.fromEntries(names.map((name) => [name, text]));
  for (const table of ['order', 'select', 'picked', 'found', 'version', 'newer', 'record']) {
    const Odd = defineEntity({ name: 'Odd', table, description: 'Odd names.', fields });
    const store = await openTemporary({ entities: [Odd] });
    const written = await store.append(Odd, { order: 'a', version: 'b' });
    expect(await store.get(Odd, written.id)).toEqual(written);
    expect((await store.list(Odd)).versions).toEqual([written]);
    expect(await store.history(Odd, written.id)).toEqual([written]);
    await store.close();
  }
});

test('an entity that the store was not opened with is refused', async () => {
  const store = await openTemporary({ entities: [Todo] });
  await expect(store.get(LakeFile, 'x')).rejects.toThrow('LakeFile is not one of the entities');
  await expect(store.list(LakeFile)).rejects.toThrow('LakeFile is not one of the entities');
  await expect(store.history(LakeFile, 'x')).rejects.toThrow('LakeFile is not one of');
});

test('one kind of records alone can be files, which have an address of their own', async () => {
  const file = field.file({ description: 'Its bytes.', isRecord: true });
  const Scan = define({ name: 'Scan', fields: { file } });
  await openTemporary({ entities: [Scan] });
  const opening = openTemporary({ entities: [LakeFile, Scan] as never });
  await expect(opening).rejects.toThrow('LakeFile and Scan are files');
});

test('two entities cannot share a name or a table', async () => {
  const open = (...entities: never[]) => openTemporary({ entities });
  await expect(open(Todo as never, Todo as never)).rejects.toThrow('the same name "todo"');
  const Other = define({ name: 'Other', table: 'todos' });
  await expect(open(Todo as never, Other as never)).rejects.toThrow('the same table "todos"');
  await expect(open()).rejects.toThrow('at least one entity');
});
