/** Who may see and write what: rules of access, through all of time. */
import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { CannotOpen } from '../src/db/index.ts';
import {
  type AccessOf,
  defineEntity,
  type Entity,
  field,
  LakeFile,
  Todo,
} from '../src/entities/index.ts';
import type { Identity } from '../src/http/index.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { openTemporary } from './support/temporary-store.ts';
import { untilWaiting } from './support/until.ts';

const viewers = {
  ada: viewerOf('ada'),
  bob: viewerOf('bob'),
  tim: viewerOf('tim', [], { team: 'red' }),
  tom: viewerOf('tom', [], { team: 'red' }),
  root: viewerOf('root', ['admin']),
};

function noteWith(access: AccessOf | null, owner: 'ownerId' | null = 'ownerId') {
  return defineEntity({
    name: 'Note',
    description: 'A note.',
    fields: {
      ownerId: field.id({ description: 'Whose note it is.' }),
      title: field.text({ description: 'What it says.' }),
      labels: field.labels({ description: 'Among them the teams that may see it.' }),
    },
    ...(owner && { owner }),
    ...(access && { access }),
  });
}

const TeamNote = noteWith(({ id, claims }) => ({
  read: { or: [{ ownerId: { eq: id } }, { labels: { has: `team:${String(claims.team)}` } }] },
  write: { ownerId: { eq: id } },
}));

async function openGuarded(
  entities: readonly Entity[] = [Todo, LakeFile],
  limits: ConstructorParameters<typeof GuardedApi>[2] = {},
): Promise<GuardedApi> {
  const store = await openTemporary({ entities });
  return new GuardedApi(store, viewers, limits);
}

const update =
  'mutation($input: UpdateTodoInput!, $options: WriteOptions) { updateTodo(input: $input, options: $options) { ' +
  '__typename ... on UpdateTodoPayload { todo { id revision } } ' +
  '... on Problem { code message } ... on RevisionConflict { changedFields } } }';
const create =
  'mutation($input: CreateTodoInput!, $options: WriteOptions) { createTodo(input: $input, options: $options) { ' +
  '__typename ... on CreateTodoPayload { todo { id userId } } ... on Problem { code message } } }';

test('after a change of owner the old one finds what was theirs then, and the new one what is theirs since', async () => {
  const { store, ask } = bound(await openGuarded());
  await store.append(Todo, { id: 't', userId: 'ada', subject: 'one' });
  await store.update(Todo, 't', { subject: 'two' });
  const then = await store.head();
  await store.update(Todo, 't', { userId: 'bob' });
  await store.update(Todo, 't', { subject: 'three' });
  const history =
    'history(order: ASC) { totalCount edges { node { revision changes { field } } } }';
  expect((await ask('ada', `{ todo(id: "t", includeDeleted: true) { id } }`)).data.todo).toBeNull();
  const past = await ask(
    'ada',
    `{ todo(id: "t", asOf: {position: "${then}"}) { subject ${history} } }`,
  );
  expect(past.data.todo).toMatchObject({ subject: 'two', history: { totalCount: 2 } });
  const { data } = await ask('bob', `{ todo(id: "t") { ${history} blame { field revision } } }`);
  expect(data.todo.history.totalCount).toBe(2);
  const [first] = data.todo.history.edges;
  expect(first.node.revision).toBe(3);
  expect(first.node.changes).toContainEqual({ field: 'subject' });
  expect(data.todo.blame).toContainEqual({ field: 'subject', revision: 4 });
  expect(data.todo.blame).toContainEqual({ field: 'userId', revision: 3 });
});

test('a creation that leaves the owner out gets the viewer; nobody makes records for others', async () => {
  const { ask } = bound(await openGuarded());
  const made = await ask('ada', create, { input: { id: 'a' } });
  expect(made.data.createTodo.todo).toEqual({ id: 'a', userId: 'ada' });
  for (const userId of ['bob', null]) {
    const refused = await ask('ada', create, { input: { userId } });
    expect(refused.errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  }
  expect(
    (await ask('root', create, { input: { userId: 'bob' } })).data.createTodo.todo,
  ).toMatchObject({
    userId: 'bob',
  });
});

test('what may not be seen is not found, what may be seen and not written is forbidden, and nothing is written', async () => {
  const { store, ask } = bound(await openGuarded([TeamNote]));
  await store.append(TeamNote, { id: 'n', ownerId: 'ada', labels: ['team:red'] });
  const change =
    'mutation { updateNote(input: {id: "n", title: "x"}) { __typename ... on Problem { message } } }';
  const unseen = await ask('bob', change);
  expect(unseen.data.updateNote).toEqual({
    __typename: 'NotFound',
    message: 'Note "n" does not exist.',
  });
  const seen = await ask('tim', change);
  expect(seen.errors?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
  const taken = await ask('tim', change.replace('title: "x"', 'ownerId: "tim"'));
  expect(taken.errors?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
  const given = await ask('ada', change.replace('title: "x"', 'ownerId: "bob"'));
  expect(given.errors?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
  expect(await store.head()).toBe(1);
});

test('that an id is taken may be learned by creating it; who holds a name may not', async () => {
  const api = await openGuarded([Todo, LakeFile]);
  const { store, ask } = bound(api);
  await store.append(Todo, { id: 'a', userId: 'ada' });
  const taken = await ask('bob', create, { input: { id: 'a' } });
  expect(taken.data.createTodo.__typename).toBe('AlreadyExists');
  const Named = defineEntity({
    name: 'Named',
    plural: 'nameds',
    description: 'Something with a name of its own.',
    fields: {
      ownerId: field.id({ description: 'Whose.' }),
      title: field.text({ description: 'The name.' }),
    },
    uniqueKey: ['title'],
    owner: 'ownerId',
  });
  const named = bound(await openGuarded([Named]));
  await named.store.append(Named, { id: 'secret', ownerId: 'ada', title: 'x' });
  const { data } = await named.ask(
    'bob',
    'mutation { createNamed(input: {title: "x"}) { ... on AlreadyExists { id message } } }',
  );
  expect(data.createNamed).toEqual({
    id: null,
    message: 'A Named with title "x" exists already. Choose others.',
  });
});

test('an idempotency key is a viewer’s own, and its result is told while it may be seen', async () => {
  const { store, ask } = bound(await openGuarded());
  const options = { idempotencyKey: 'k' };
  await ask('ada', create, { input: { id: 'a' }, options });
  const other = await ask('bob', create, { input: { id: 'b' }, options });
  expect(other.data.createTodo.__typename).toBe('CreateTodoPayload');
  const again = await ask('ada', create, { input: { id: 'a' }, options });
  expect(again.data.createTodo.todo.id).toBe('a');
  expect((await store.totals()).versions).toBe(2);
});

test('a conflict over what may not be seen tells no fields apart, and nothing is applied on top of it', async () => {
  const { store, ask } = bound(await openGuarded());
  await store.append(Todo, { id: 't', userId: 'ada', subject: 'one' });
  await store.update(Todo, 't', { userId: 'bob', body: 'secret' });
  await store.update(Todo, 't', { userId: 'ada' });
  for (const onConflict of ['FAIL', 'REBASE']) {
    const input = { id: 't', expectedRevision: 1, status: 'done' };
    const { data } = await ask('ada', update, { input, options: { onConflict } });
    expect(data.updateTodo.changedFields).toEqual(Object.keys(Todo.fields));
  }
});

test('a state that may not be seen is none to bring back, and where it lies is not told', async () => {
  const { store, ask } = bound(await openGuarded());
  await store.append(Todo, { id: 't', userId: 'bob', subject: 'secret' });
  await store.update(Todo, 't', { userId: 'ada' });
  const restore = (state: string) =>
    `mutation { restoreTodo(id: "t", ${state}) { __typename ... on Problem { message } } }`;
  const byRevision = await ask('ada', restore('revision: 1'));
  expect(byRevision.data.restoreTodo).toEqual({
    __typename: 'InvalidInput',
    message: 'revision: must be one of its revisions, from 1 to 2, but was 1.',
  });
  const byMoment = await ask('ada', restore('asOf: {position: "1"}'));
  expect(byMoment.data.restoreTodo).toEqual({
    __typename: 'InvalidInput',
    message: 'asOf: must be a moment at which there was a Todo with this id.',
  });
});

test('a transaction is undone by whoever sees all of it, and is there for whoever sees some', async () => {
  const { store, ask } = bound(await openGuarded());
  const append = (...owners: string[]) =>
    store.transact(async (log) => {
      for (const userId of owners) await log.create(Todo, { userId });
    });
  await append('bob');
  await append('ada', 'bob');
  await append('ada');
  await store.append(Todo, { id: 'given', userId: 'ada' });
  await store.update(Todo, 'given', { userId: 'bob' });
  // What was handed over and came back, beside what stayed.
  await store.append(Todo, { id: 'lent', userId: 'ada' });
  await store.transact(async (log) => {
    await log.create(Todo, { userId: 'ada' });
    await log.update(Todo, 'lent', { userId: 'bob', body: 'secret' });
  });
  await store.update(Todo, 'lent', { userId: 'ada', body: null });
  const revert = async (id: number) => {
    const problem = '__typename ... on Problem { message }';
    return (await ask('ada', `mutation { revertTransaction(id: "${id}") { ${problem} } }`)).data
      .revertTransaction;
  };
  const hidden = { __typename: 'NotFound', message: 'Transaction 1 does not exist.' };
  expect(await revert(1)).toEqual(hidden);
  const message =
    'id: must be a transaction that may be seen as a whole, records as they are now included.';
  expect(await revert(2)).toEqual({ __typename: 'InvalidInput', message });
  expect(await revert(4)).toEqual({ __typename: 'InvalidInput', message });
  expect(await revert(7)).toEqual({ __typename: 'InvalidInput', message });
  expect(await store.head()).toBe(10);
  expect(await revert(3)).toEqual({ __typename: 'RevertPayload' });
});

test('how much there is in all is told to admins alone', async () => {
  const { ask } = bound(await openGuarded());
  const refused = await ask('ada', '{ log { versions } }');
  expect(refused.errors?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
  expect((await ask('ada', '{ log { position replicaPosition } }')).data.log.position).toBe('0');
  expect((await ask('root', '{ log { versions transactions } }')).data.log.versions).toBe(0);
});

test('answers are shared between viewers whose rules come to the same, and with no others', async () => {
  const queries: string[] = [];
  const store = await openTemporary({
    entities: [TeamNote],
    onReplicaQuery: (sql) => queries.push(sql),
  });
  const Team = noteWith(({ claims }) => ({
    read: { labels: { has: `team:${String(claims.team)}` } },
    write: 'none',
  }));
  const shared = await openTemporary({
    entities: [Team],
    onReplicaQuery: (sql) => queries.push(sql),
  });
  const asks = async (api: GuardedApi, viewer: string) => {
    queries.length = 0;
    await bound(api).ask(viewer, '{ notes(first: 5) { totalCount edges { node { id } } } }');
    return queries.length;
  };
  const own = new GuardedApi(store, viewers);
  const team = new GuardedApi(shared, viewers);
  expect(await asks(team, 'tim')).toBeGreaterThan(0);
  expect(await asks(team, 'tom')).toBe(0);
  expect(await asks(own, 'tim')).toBeGreaterThan(0);
  expect(await asks(own, 'tom')).toBeGreaterThan(0);
});

test('an event that somebody was told is told to nobody who sees less of it', async () => {
  const api = await openGuarded();
  const { store } = api;
  await store.append(Todo, { id: 't', userId: 'bob', subject: 'secret' });
  const query = 'subscription { changes { position version { changes { before } } } }';
  const follow = async (viewer: string) => {
    const response = await api.fetch(viewer, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    });
    const events = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    return async () => {
      while (!text.includes('"position":"2"')) text += (await events?.read())?.value ?? '';
      await events?.cancel();
      return text;
    };
  };
  const root = await follow('root');
  await untilWaiting(store, 1);
  const ada = await follow('ada');
  await untilWaiting(store, 2);
  await store.update(Todo, 't', { userId: 'ada', subject: 'plain' });
  expect(await root()).toContain('secret');
  expect(await ada()).not.toContain('secret');
});

test('what a viewer sees of one store says nothing of what they see of another', async () => {
  const everything = noteWith(() => ({ read: 'all', write: 'all' }));
  const identity: Identity = {
    headers: ['x-viewer'],
    viewerOf: async ({ header }) => {
      const viewer = header('x-viewer') === 'ada' ? viewers.ada : viewers.bob;
      return { viewer, untilMs: Number.POSITIVE_INFINITY };
    },
  };
  const query = '{ todos { edges { node { id } } } }';
  const asks = async (entities: readonly Entity[], todos: readonly string[]) => {
    const store = await openTemporary({ entities });
    for (const id of todos) await store.append(Todo, { id, userId: 'ada' });
    const app = createApp(store, { identity });
    return async (viewer: string) => {
      const headers = { 'content-type': 'application/json', 'x-viewer': viewer };
      const body = JSON.stringify({ query: todos.length > 0 ? query : '{ notes { totalCount } }' });
      const url = 'http://everstate.test/graphql';
      return await (await app.fetch(url, { method: 'POST', headers, body })).text();
    };
  };
  const first = await asks([everything], []);
  for (const viewer of ['ada', 'bob', 'ada', 'bob']) await first(viewer);
  const second = await asks([Todo], ['hers']);
  // Asked twice, an answer is kept.
  for (const _ of [1, 2, 3]) expect(await second('ada')).toContain('hers');
  expect(await second('bob')).not.toContain('hers');
});

test('caches keep for one viewer alone, and the tag of one is none of another’s', async () => {
  const api = await openGuarded();
  const position = await api.store.append(Todo, { id: 't', userId: 'ada' }).then((v) => v.position);
  for (const asOf of [`(id: "t", asOf: {position: "${position}"})`, '(id: "t")']) {
    const path = `/graphql?${new URLSearchParams({ query: `{ todo${asOf} { id } }` })}`;
    const first = await api.fetch('ada', path, { headers: { accept: 'application/json' } });
    expect(first.headers.get('cache-control')).toMatch(/^private, /);
    expect(first.headers.get('vary')).toMatch(/authorization/i);
    const etag = first.headers.get('etag') ?? '';
    const headers = { accept: 'application/json', 'if-none-match': etag };
    expect((await api.fetch('ada', path, { headers })).status).toBe(304);
    expect((await api.fetch('bob', path, { headers })).status).toBe(200);
  }
});

test('a signed URL opens without a token for a while; a wrong or an old one does not', async () => {
  const create =
    'mutation { createLakeFile(input: {filename: "f", text: "hello"}) { ... on CreateLakeFilePayload { lakeFile { downloadUrl } } } }';
  const api = await openGuarded();
  const made = await api.ask('ada', create);
  const url: string = made.data.createLakeFile.lakeFile.downloadUrl;
  const opened = await api.fetch(null, url);
  expect([opened.status, await opened.text()]).toEqual([200, 'hello']);
  expect(opened.headers.get('cache-control')).toMatch(/^private, max-age=\d+, immutable$/);
  const [path = '', search = ''] = url.split('?');
  const changed = (name: string, value: string) => {
    const params = new URLSearchParams(search);
    params.set(name, value);
    return `${path}?${params}`;
  };
  const wrong = [
    changed('until', '99999999999'),
    changed('seen', 'x'),
    changed('signature', 'x'),
    changed('signature', ''),
    url.replace(/\/1\?/, '/2?'),
    `${url}&until=99999999999`.replace(/until=\d+&/, ''),
  ];
  for (const each of wrong) expect((await api.fetch(null, each)).status).toBe(403);
  expect((await api.fetch(null, path)).status).toBe(401);
  expect((await api.fetch('bob', path)).status).toBe(404);
  expect((await api.fetch('ada', path)).status).toBe(200);
  const short = new GuardedApi(api.store, viewers, { downloadUrlSeconds: 0.001 });
  const { data } = await short.ask('ada', '{ lakeFiles { edges { node { downloadUrl } } } }');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const old = await short.fetch(null, data.lakeFiles.edges[0].node.downloadUrl);
  expect(old.status).toBe(403);
});

test('an answer with a signed URL is kept by nobody', async () => {
  const api = await openGuarded();
  await api.store.transact((log) =>
    log
      .putContents(Buffer.from('x'))
      .then((contents) =>
        log.create(LakeFile, { id: 'f', userId: 'ada', filename: 'f', ...contents }),
      ),
  );
  const query = '{ lakeFile(id: "f", asOf: {position: "1"}) { downloadUrl } }';
  const path = `/graphql?${new URLSearchParams({ query })}`;
  const { headers } = await api.fetch('ada', path, { headers: { accept: 'application/json' } });
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('etag')).toBeNull();
});

test('records without a rule are for admins alone', async () => {
  const Plain = noteWith(null, null);
  const { store, ask } = bound(await openGuarded([Plain]));
  await store.append(Plain, { id: 'n', ownerId: 'ada' });
  expect((await ask('ada', '{ note(id: "n") { id } }')).data.note).toBeNull();
  expect((await ask('root', '{ note(id: "n") { id } }')).data.note).toEqual({ id: 'n' });
});

const brokenRules: readonly [what: string, access: unknown, message: RegExp][] = [
  ['no filters', () => ({}), /read must be 'all', 'none' or a filter, but was nothing/],
  ['no write', () => ({ read: 'all' }), /write must be 'all', 'none' or a filter/],
  ['another word', () => ({ read: 'some', write: 'none' }), /read must be .*but was "some"/],
  ['an empty filter', () => ({ read: {}, write: 'none' }), /read must be .*but was \{\}/],
  ['a list', () => ({ read: [], write: 'none' }), /read must be/],
  [
    'an unknown field',
    () => ({ read: { owner: { eq: 'x' } }, write: 'none' }),
    /read.owner is not a field of Note/,
  ],
  [
    'an unknown operator',
    () => ({ read: { ownerId: { is: 'x' } }, write: 'none' }),
    /read.ownerId.is is not one of eq/,
  ],
  [
    'no operator',
    () => ({ read: { ownerId: {} }, write: 'none' }),
    /read.ownerId must be conditions/,
  ],
  ['a null', () => ({ read: { ownerId: null }, write: 'none' }), /read.ownerId must be conditions/],
  [
    'an empty and',
    () => ({ read: { and: [] }, write: 'none' }),
    /read.and must be a list of filters/,
  ],
  [
    'deleted ones',
    () => ({ read: { includeDeleted: true }, write: 'none' }),
    /read.includeDeleted is not a field/,
  ],
  ['nothing', () => undefined, /read must be/],
];

test.each(brokenRules)(
  'a rule that gives %s is refused at the start',
  async (_what, access, message) => {
    const broken = noteWith(access as AccessOf);
    const opening = openTemporary({ entities: [broken] });
    await expect(opening).rejects.toThrow(CannotOpen);
    await expect(openTemporary({ entities: [broken] })).rejects.toThrow(message);
  },
);

const failing: readonly [what: string, read: (claims: Record<string, unknown>) => object][] = [
  ['throws', (claims) => ({ labels: { has: (claims.team as string).toLowerCase() } })],
  ['lacks a claim', (claims) => ({ labels: { has: claims.team } })],
  ['lacks a claim in a list', (claims) => ({ labels: { hasAny: ['red', claims.team] } })],
  ['compares with another kind', ({ team = 1 }) => ({ labels: { has: team } })],
  ['has no words', ({ team = '' }) => ({ search: team })],
];

test.each(failing)(
  'a rule that %s for somebody lets nobody in by it, and is logged',
  async (_, read) => {
    const Note = noteWith(({ claims }) => ({ read: read(claims) as never, write: 'none' }));
    const api = await openGuarded([Note, Todo]);
    await api.store.append(Note, { id: 'n', title: 'red', labels: ['red'] });
    for (const query of [
      '{ note(id: "n") { id } }',
      '{ notes { totalCount } }',
      '{ changes { changes { id } } }',
      'mutation { updateNote(input: {id: "n", title: "x"}) { __typename } }',
    ]) {
      const answer = await api.ask('ada', query);
      const codes = answer.errors?.map(({ extensions }) => extensions.code);
      expect(codes).toEqual(['INTERNAL_SERVER_ERROR']);
      expect(JSON.stringify(answer)).not.toMatch(/team|rule/);
    }
    expect(api.logged.length).toBeGreaterThan(0);
    expect((await api.ask('ada', '{ todos { totalCount } }')).data.todos.totalCount).toBe(0);
    expect((await api.ask('tim', '{ notes { totalCount } }')).data.notes.totalCount).toBe(1);
  },
);

/** An API whose `ask` stands alone. */
function bound(api: GuardedApi) {
  return { store: api.store, ask: api.ask.bind(api) };
}
