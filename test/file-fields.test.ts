/** Files of any kind of record: a contact with a photo, and a card that it has to have. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { defineEntity, field, LakeFile } from '../src/entities/index.ts';
import { openApi, type TestApi } from './support/api.ts';
import { rawLog, temporaryDirectory } from './support/temporary-store.ts';

const Contact = defineEntity({
  name: 'Contact',
  description: 'Somebody.',
  fields: {
    name: field.text({ description: 'What they are called.', required: true }),
    photoName: field.text({ description: 'What the photo is called.' }),
    photo: field.file({ description: 'A photo of them.', filename: 'photoName' }),
    card: field.file({ description: 'Their card.', required: true }),
  },
});

const open = (directory = temporaryDirectory()) =>
  openApi({ directory, entities: [Contact, LakeFile] });

const shown = `id revision name photoSize photoSha256 photoDownloadUrl photoText photoData
  cardSize cardSha256 cardDownloadUrl cardText`;
const create = `mutation ($input: CreateContactInput!) { createContact(input: $input) {
  ... on CreateContactPayload { contact { ${shown} } }
  ... on InvalidInput { issues { path message } }
} }`;
const update = `mutation ($input: UpdateContactInput!) { updateContact(input: $input) {
  ... on UpdateContactPayload { changed contact { ${shown} } }
  ... on InvalidInput { issues { path message } }
} }`;

const base64 = (text: string) => Buffer.from(text).toString('base64');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const download = async (api: TestApi, path: string) =>
  await api.send({}, `http://everstate.test${path}`);

async function created(api: TestApi, input: object) {
  return (await api.data(create, { input })).createContact;
}
async function updated(api: TestApi, input: object) {
  return (await api.data(update, { input })).updateContact;
}

test('its bytes go in and out, and each revision keeps its own', async () => {
  const api = await open();
  const { contact } = await created(api, {
    id: 'a/b',
    name: 'Ada',
    photoName: 'ada.png',
    photoData: base64('one'),
    cardText: 'card',
  });
  expect(contact).toEqual({
    id: 'a/b',
    revision: 1,
    name: 'Ada',
    photoSize: 3,
    photoSha256: sha256('one'),
    photoDownloadUrl: '/files/contacts/a%2Fb/photo/1',
    photoText: 'one',
    photoData: base64('one'),
    cardSize: 4,
    cardSha256: sha256('card'),
    cardDownloadUrl: '/files/contacts/a%2Fb/card/1',
    cardText: 'card',
  });
  const next = (await updated(api, { id: 'a/b', photoText: 'two' })).contact;
  expect(next).toMatchObject({ revision: 2, photoText: 'two', cardText: 'card' });
  const first = await download(api, contact.photoDownloadUrl);
  expect(await first.text()).toBe('one');
  expect(first.headers.get('content-disposition')).toBe('attachment; filename=ada.png');
  const card = await download(api, next.cardDownloadUrl);
  expect(await card.text()).toBe('card');
  expect(card.headers.get('content-disposition')).toBe('attachment; filename=card');
  expect(await api.store.verify()).toEqual({ versions: 2, defect: null });
});

test('what is left out stays, and null takes away what need not be there', async () => {
  const api = await open();
  await created(api, { id: 'a', name: 'Ada', photoText: 'one', cardText: 'card' });
  expect((await updated(api, { id: 'a', name: 'Eda' })).contact).toMatchObject({
    photoText: 'one',
    cardText: 'card',
  });
  const { contact } = await updated(api, { id: 'a', photoData: null, cardText: null });
  expect(contact).toMatchObject({
    revision: 3,
    photoSize: null,
    photoSha256: null,
    photoDownloadUrl: null,
    photoText: null,
    photoData: null,
    cardText: 'card',
  });
  expect((await download(api, '/files/contacts/a/photo/3')).status).toBe(404);
  expect(await (await download(api, '/files/contacts/a/photo/2')).text()).toBe('one');
  const again = await updated(api, { id: 'a', cardText: 'card' });
  expect(again).toMatchObject({ changed: false });
});

describe('what cannot be kept is refused by its name:', () => {
  const wrong: [string, object, string[], RegExp][] = [
    ['a file that has to be there', { name: 'Ada' }, ['cardData'], /cardText/],
    ['two at once', { cardData: '', cardText: '' }, ['cardText'], /together with cardData/],
    ['half a letter', { cardText: '\ud800' }, ['cardText'], /surrogate/],
  ];
  test.for(wrong)('%s', async ([, input, path, message]) => {
    const api = await open();
    const { issues } = await created(api, { name: 'Ada', ...input });
    expect(issues).toEqual([{ path, message: expect.stringMatching(message) }]);
    expect(await api.store.totals()).toMatchObject({ versions: 0 });
  });
});

test('the same bytes of two kinds of records are stored once', async () => {
  const directory = temporaryDirectory();
  const api = await open(directory);
  await created(api, { name: 'Ada', photoText: 'same', cardText: 'same' });
  await api.data(`mutation { createLakeFile(input: { filename: "f", text: "same" }) {
    ... on CreateLakeFilePayload { lakeFile { id } } } }`);
  const log = rawLog(directory);
  expect(log.prepare('select sha256, size from contents').all()).toEqual([
    { sha256: sha256('same'), size: 4 },
  ]);
});

test('records are found by what their files are', async () => {
  const api = await open();
  await created(api, { id: 'a', name: 'Ada', photoText: 'long', cardText: '' });
  await created(api, { id: 'b', name: 'Bob', cardText: '' });
  const found = async (filter: string) => {
    const { contacts } = await api.data(
      `{ contacts(filter: ${filter}) { edges { node { id } } } }`,
    );
    return contacts.edges.map(({ node }: { node: { id: string } }) => node.id);
  };
  expect(await found('{ photoSize: { gt: "3" } }')).toEqual(['a']);
  expect(await found('{ photoSha256: { isNull: true } }')).toEqual(['b']);
  expect(await found(`{ cardSha256: { eq: "${sha256('')}" } }`)).toEqual(['b', 'a']);
});

test.for([
  '/files/contacts/a/photo/0',
  '/files/contacts/a/photo/2',
  '/files/contacts/a/name/1',
  '/files/contacts/a/photo/',
  '/files/contacts/a',
  '/files/contacts/a/photo/1/1',
  '/files/contacts/b/photo/1',
  '/files/others/a/photo/1',
  '/files/a/1',
])('there is nothing at %s', async (path) => {
  const api = await open();
  await created(api, { id: 'a', name: 'Ada', photoText: 'one', cardText: 'card' });
  expect((await download(api, path)).status).toBe(404);
});

test.for([
  [{ file: field.file({ description: 'F.' }), fileSize: text() }, /"fileSize"/],
  [{ file: field.file({ description: 'F.', filename: 'nowhere' }) }, /its name from "nowhere"/],
  [{ file: field.file({ description: 'F.', filetype: 'nowhere' }) }, /its type from "nowhere"/],
  [
    {
      one: field.file({ description: 'F.', isRecord: true }),
      two: field.file({ description: 'F.', isRecord: true }),
    },
    /"size"/,
  ],
] as const)('a definition whose names cannot be told apart is refused: %#', ([fields, message]) => {
  const define = () =>
    defineEntity({ name: 'Note', description: 'A note.', fields: fields as never });
  expect(define).toThrow(message);
});

function text() {
  return field.text({ description: 'A text.' });
}
