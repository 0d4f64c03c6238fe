/**
 * Nothing of a version that the rule denies appears in any answer, error, event, download, header or
 * count; what it admits does. Over every field and argument of the schema.
 */
import fc from 'fast-check';
import { type GraphQLSchema, getNamedType, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { defineEntity, field, LakeFile, Todo, type Version } from '../src/entities/index.ts';
import type { Viewer } from '../src/entities/viewer.ts';
import { buildSchema } from '../src/schema/index.ts';
import { GuardedApi } from './support/guarded-api.ts';
import { checkProperty } from './support/property.ts';
import { withStore } from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { partsOfDocument, partsOfSchema, wholeSelection } from './support/whole-selection.ts';

/** Seen by its owner and by a team; written by its owner. */
const Note = defineEntity({
  name: 'Note',
  description: 'A note that may be shared with a team.',
  fields: {
    ownerId: field.id({ description: 'Whose note it is.' }),
    title: field.text({ description: 'What it says.' }),
    rank: field.int({ description: 'How important it is.', default: 0 }),
    labels: field.labels({ description: 'Among them the teams that may see it.' }),
  },
  owner: 'ownerId',
  access: ({ id, claims }) => ({
    read: { or: [{ ownerId: { eq: id } }, { labels: { has: `team:${String(claims.team)}` } }] },
    write: { ownerId: { eq: id } },
  }),
});

const entities = [Todo, LakeFile, Note];
const viewers: Readonly<Record<string, Viewer>> = {
  ada: { id: 'ada', roles: [], claims: {} },
  bob: { id: 'bob', roles: ['user'], claims: { team: 'blue' } },
  tim: { id: 'tim', roles: [], claims: { team: 'red' } },
  root: { id: 'root', roles: ['admin'], claims: {} },
};
const names = Object.keys(viewers);

/** The rule once more, in words of the test. */
function sees(viewer: string, { entity, values }: Version): boolean {
  const { ownerId, userId, labels } = values as Record<string, unknown>;
  if (viewer === 'root') return true;
  if (entity !== Note) return userId === viewer;
  const { team } = viewers[viewer]?.claims ?? {};
  return ownerId === viewer || (labels as string[]).includes(`team:${team}`);
}

const ops = ['create', 'update', 'give', 'share', 'delete', 'restore', 'many', 'revert'] as const;
const op = fc.record({
  kind: fc.constantFrom(...ops),
  by: fc.constantFrom('root', 'root', ...names),
  kindOfRecord: fc.constantFrom('Todo', 'LakeFile', 'Note'),
  pick: fc.nat(30),
  owner: fc.constantFrom('ada', 'bob', 'tim', null, undefined),
  shared: fc.boolean(),
  dryRun: fc.constantFrom(false, false, true),
});
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never;

/** What a viewer was told, and up to where the log went then. */
interface Told {
  readonly viewer: string;
  readonly what: string;
  readonly text: string;
  readonly sent: string;
  readonly upTo: number;
}

const schema = buildSchema(entities);
const asked = new Set<string>();

class World {
  readonly store: Store;
  readonly #api: GuardedApi;
  readonly told: Told[] = [];
  #secrets = 0;
  #ids: { readonly entity: (typeof entities)[number]; readonly id: string }[] = [];

  constructor(store: Store) {
    this.store = store;
    this.#api = new GuardedApi(store, viewers);
  }

  /** Errors that nobody expected. */
  get faults(): readonly object[] {
    return this.#api.logged;
  }

  idsOf(entity: (typeof entities)[number]): string[] {
    return this.#ids.filter((each) => each.entity === entity).map(({ id }) => id);
  }

  secret(): string {
    this.#secrets += 1;
    return `secret-${this.#secrets}.`;
  }

  fetch(viewer: string, path: string, init: RequestInit = {}): Promise<Response> {
    return this.#api.fetch(viewer, path, init);
  }

  /** Asks, and keeps what was answered. */
  // biome-ignore lint/suspicious/noExplicitAny: what was answered depends on what was asked
  async ask(viewer: string, query: string, variables: object = {}, byGet = false): Promise<any> {
    for (const part of partsOfDocument(schema, parse(query))) asked.add(part);
    const body = JSON.stringify({ query, variables });
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    const response = byGet
      ? await this.fetch(viewer, `/graphql?${search}`)
      : await this.#api.post(viewer, query, variables);
    const text = `${JSON.stringify([...response.headers])} ${await response.text()}`;
    this.told.push({ viewer, what: query, text, sent: body, upTo: await this.store.head() });
    const answer = JSON.parse(text.slice(text.indexOf('] ') + 2));
    // What was not executed proves nothing.
    for (const { message, extensions } of answer.errors ?? []) {
      expect(['BAD_USER_INPUT', 'FORBIDDEN'], `${message} ${query}`).toContain(extensions.code);
      if (extensions.code === 'BAD_USER_INPUT')
        expect(message).toMatch(
          /^(from|to): must be a revision|^dryRun: (keeps no contents|leaves nothing)|^tables\.0\.file: must be the id/,
        );
    }
    return answer;
  }

  async run({ kind, by, kindOfRecord, pick, owner, shared, dryRun }: Op): Promise<void> {
    const entity = entities.find(({ name }) => name === kindOfRecord) ?? Note;
    const record = this.#ids.filter((each) => each.entity === entity)[pick % 8];
    const options = { reason: this.secret(), dryRun };
    const write = async (name: string, declared: string, args: string, variables: object) => {
      const type = schema.getMutationType()?.getFields()[name];
      // These may answer with thousands of versions: what is below each is asked for elsewhere.
      const isLarge = name === 'transact' || name === 'revertTransaction';
      const below = selection(schema, type as never, isLarge ? 1 : 2, 2);
      const conflicts = 'conflicts { fields message version { __typename id position } }';
      const whole =
        name === 'revertTransaction'
          ? below.replace(/\}$/, `... on RevertConflict { ${conflicts} } }`)
          : below;
      const document = `mutation($options: WriteOptions, ${declared}) { ${name}(${args}, options: $options) ${whole} }`;
      return await this.ask(by, document, { options, ...variables });
    };
    if (kind === 'revert') {
      await write('revertTransaction', '$id: ID!', 'id: $id', { id: String(1 + (pick % 12)) });
      return;
    }
    if (kind === 'many') {
      const operations: object[] = ['ada', 'bob'].map((userId) => {
        const id = this.#newId(Todo);
        return { createTodo: { id, userId, subject: this.secret() } };
      });
      const taken = this.#ids.find(({ entity: each }) => each === Todo);
      if (taken && shared) operations.push({ updateTodo: { id: taken.id, body: this.secret() } });
      await write('transact', '$operations: [OperationInput!]!', 'operations: $operations', {
        operations,
      });
      return;
    }
    if (kind === 'create' || !record) {
      const input = { id: this.#newId(entity), ...this.#values(entity, owner, shared) };
      const bulk = entity !== LakeFile && shared;
      const contents = entity === LakeFile ? this.#contents() : {};
      const name = bulk ? `create${entity.name}s` : `create${entity.name}`;
      const type = `Create${entity.name}Input!`;
      const [declared, args] = bulk
        ? [`$inputs: [${type}]!`, 'inputs: $inputs']
        : [`$input: ${type}`, 'input: $input'];
      await write(name, declared, args, { input: { ...input, ...contents }, inputs: [input] });
      return;
    }
    const { id } = record;
    if (kind === 'delete') {
      const expectedRevision = pick % 3 === 0 ? 1 + (pick % 4) : null;
      await write(
        `delete${entity.name}`,
        '$id: ID!, $expectedRevision: Int',
        'id: $id, expectedRevision: $expectedRevision',
        { id, expectedRevision },
      );
    } else if (kind === 'restore') {
      const asOf = shared
        ? { position: String(Math.max(0, (await this.store.head()) - pick)) }
        : null;
      const revision = shared ? null : 1 + (pick % 4);
      await write(
        `restore${entity.name}`,
        '$id: ID!, $revision: Int, $asOf: AsOf',
        'id: $id, revision: $revision, asOf: $asOf',
        { id, revision, asOf },
      );
    } else {
      const patch =
        kind === 'give'
          ? { ...this.#values(entity, owner, shared), [entity.owner as string]: owner }
          : kind === 'share'
            ? { labels: shared ? ['team:red', this.secret()] : [this.secret()] }
            : this.#values(entity, undefined, shared);
      const expectedRevision = 1 + (pick % 4);
      const condition = pick % 3 === 0 ? { expectedRevision } : {};
      const input = { id, ...patch, ...condition };
      const bulk = entity !== LakeFile && pick % 5 === 0;
      const type = `Update${entity.name}Input!`;
      const [declared, args] = bulk
        ? [`$inputs: [${type}]!`, 'inputs: $inputs']
        : [`$input: ${type}`, 'input: $input'];
      const conflict = { ...options, onConflict: shared ? 'REBASE' : 'FAIL' };
      const name = bulk ? `update${entity.name}s` : `update${entity.name}`;
      await write(name, declared, args, { input, inputs: [input], options: conflict });
    }
  }

  #newId(entity: (typeof entities)[number]): string {
    const id = `id-${this.#ids.length}.`;
    this.#ids.push({ entity, id });
    return id;
  }

  /** Of a table. */
  #contents() {
    return { text: `name,value\nrow,${this.secret()}\n` };
  }

  #values(entity: (typeof entities)[number], owner: string | null | undefined, shared: boolean) {
    const owned = owner === undefined ? {} : { [entity.owner as string]: owner };
    if (entity === Note) {
      return { ...owned, title: this.secret(), labels: shared ? ['team:red'] : [this.secret()] };
    }
    if (entity === LakeFile) {
      const filetype = 'csv';
      return {
        ...owned,
        filename: this.secret(),
        path: this.secret(),
        status: this.secret(),
        filetype,
      };
    }
    return { ...owned, subject: this.secret(), status: this.secret(), labels: [this.secret()] };
  }
}

type FieldOf = NonNullable<
  ReturnType<GraphQLSchema['getMutationType']>
>['getFields'] extends () => infer M
  ? M[keyof M]
  : never;

/** Everything below a root field. */
function selection(of: GraphQLSchema, { type }: FieldOf, depth: number, rows = 30): string {
  return wholeSelection(of, getNamedType(type), depth, (parent, name) => {
    // Asked for by themselves: where it may not be told they fail, and all around them would.
    if (['diff', 'table', 'diffTable'].includes(name)) return null;
    if (parent === 'LogInfo' && name !== 'position') return null;
    if (name === 'history') return `(first: ${rows}, order: ASC)`;
    if (name === 'conflicts') return null;
    if (name === 'versions' && parent === 'Transaction') return `(first: ${rows})`;
    if (name === 'data' || name === 'text') return '(maxBytes: 100)';
    return '';
  });
}

function rootSelection(kind: 'Query' | 'Subscription', name: string, depth: number): string {
  const type = schema.getType(kind) as NonNullable<ReturnType<GraphQLSchema['getQueryType']>>;
  return selection(schema, type.getFields()[name] as FieldOf, depth);
}

/** Asks for everything that there is, in every way that there is. */
async function sweep(world: World, viewer: string, versions: readonly Version[]): Promise<void> {
  const head = versions.at(-1)?.position ?? 0;
  const query = async (name: string, args: string, depth: number, byGet = false) =>
    await world.ask(viewer, `{ ${name}${args} ${rootSelection('Query', name, depth)} }`, {}, byGet);
  const moments = ['', `asOf: {position: "${Math.floor(head / 2)}"}`];
  for (const entity of entities) {
    const { singular, plural } = entity;
    const owner = entity.owner as string;
    const records = [...new Set(versions.filter((v) => v.entity === entity).map(({ id }) => id))];
    for (const id of records) {
      for (const moment of moments) {
        await query(singular, `(id: "${id}", includeDeleted: true, ${moment})`, 2);
      }
      for (const [from, to] of [
        [1, 2],
        [2, 3],
        [1, 3],
      ]) {
        await world.ask(
          viewer,
          `{ ${singular}(id: "${id}") { diff(from: ${from}, to: ${to}) { field before after } } }`,
        );
      }
      await pageThrough(world, viewer, singular, id);
      const proven = `history(first: 2) { edges { node { proof(at: "${head}") } } }`;
      await world.ask(viewer, `{ ${singular}(id: "${id}", includeDeleted: true) { ${proven} } }`);
      const nodeId = Buffer.from(`${entity.name}:${id}`).toString('base64url');
      await query('node', `(nodeId: "${nodeId}", asOf: {position: "${head}"})`, 1);
    }
    for (const moment of moments) {
      const filter = 'filter: {includeDeleted: true}, orderBy: [{field: ID}]';
      await query(plural, `(first: 20, ${filter}, ${moment})`, 1, true);
      const page = await query(plural, `(last: 3, ${moment})`, 0);
      const { startCursor } = page.data[plural].pageInfo;
      if (startCursor) await query(plural, `(first: 2, before: "${startCursor}")`, 0);
      const { endCursor } = page.data[plural].pageInfo;
      if (endCursor) await query(plural, `(first: 2, after: "${endCursor}")`, 0);
      const by = entity === Note ? 'OWNER_ID, LABEL' : 'STATUS, USER_ID, LABEL';
      await query(`${singular}Groups`, `(by: [${by}], filter: {search: "secret"}, ${moment})`, 1);
    }
    const span = 'from: "2020-01-01T00:00:00Z", to: "2040-01-01T00:00:00Z", every: MONTH';
    const by = `by: [${owner.replace('Id', '_id').toUpperCase()}], filter: {}`;
    await query(`${plural}OverTime`, `(${span}, ${by})`, 2);
  }
  for (const { values } of versions.filter(({ entity }) => entity === LakeFile)) {
    const { filename, path, userId } = values as Record<string, string | null>;
    const folder = `path: ${JSON.stringify(path)}, userId: ${JSON.stringify(userId)}`;
    const moment = `asOf: {position: "${head}"}`;
    await query(
      'lakeFileByPath',
      `(filename: ${JSON.stringify(filename)}, ${folder}, ${moment})`,
      0,
    );
    await query('lakePathExists', `(${folder}, ${moment})`, 0);
  }
  await askForTables(world, viewer, versions);
  const transactions = [...new Set(versions.map(({ transactionId }) => transactionId))];
  for (const id of transactions) {
    await query('transaction', `(id: "${id}")`, 2);
    const versions = (args: string) =>
      `{ transaction(id: "${id}") { versions(${args}) { totalCount pageInfo { endCursor } edges { node { id } } } } }`;
    const { data } = await world.ask(viewer, versions('first: 1'));
    const after = data.transaction?.versions.pageInfo.endCursor;
    if (after) await world.ask(viewer, versions(`first: 1, after: "${after}"`));
  }
  const by = 'filter: {reason: {isNull: false}}, order: ASC';
  await query('transactions', `(first: 50, ${by}, asOf: {position: "${head}"})`, 1);
  const { data } = await query('transactions', '(last: 2)', 0);
  const { startCursor, endCursor } = data.transactions.pageInfo;
  if (startCursor) await query('transactions', `(first: 5, before: "${startCursor}")`, 0);
  if (endCursor) await query('transactions', `(first: 5, after: "${endCursor}")`, 0);
  await query('changes', `(last: 7, before: "${head}", entities: [TODO, NOTE, LAKE_FILE])`, 3);
  await query('log', '', 0);
  await world.ask(
    viewer,
    '{ log { replicaPosition committedAt transactions versions head { position digest } } }',
  );
  await query('viewer', '', 0);
}

/** Files as tables, and queries over files and records: of some files, since each is read anew. */
async function askForTables(
  world: World,
  viewer: string,
  versions: readonly Version[],
): Promise<void> {
  const files = versions.filter(({ entity }) => entity === LakeFile);
  const [first, ...ids] = [...new Set(files.map(({ id }) => id))];
  const table = '{ columns { name type } rows totalRows }';
  const asOf = `asOf: {position: "${versions.at(-1)?.position ?? 0}"}`;
  for (const id of first ? [first, ...ids.slice(-1)] : []) {
    const diff = '{ columns { name type } added removed changed rows { kind key before after } }';
    await world.ask(
      viewer,
      `{ lakeFile(id: "${id}") { table(first: 5, offset: 0, sheet: null) ${table}
        diffTable(from: 1, to: 2, key: ["name"], first: 5, offset: 0) ${diff} } }`,
    );
    for (const revision of [null, 1]) {
      const file = `[{name: "f", file: "${id}", revision: ${revision}}]`;
      await world.ask(viewer, `{ lakeQuery(sql: "from f", tables: ${file}) ${table} }`);
    }
  }
  for (const { enumName } of entities) {
    const records = `[{name: "t", entity: ${enumName}}]`;
    const query = `lakeQuery(sql: "from t", tables: ${records}, first: 50, ${asOf})`;
    await world.ask(viewer, `{ ${query} ${table} }`, {}, true);
  }
}

/** A history from its middle on, both ways. */
async function pageThrough(
  world: World,
  viewer: string,
  singular: string,
  id: string,
): Promise<void> {
  const history = async (args: string) => {
    const node = '{ id position changes { field before after } transaction { reason } }';
    const page = `{ totalCount pageInfo { startCursor endCursor hasNextPage } edges { node ${node} } }`;
    const { data } = await world.ask(
      viewer,
      `{ ${singular}(id: "${id}", includeDeleted: true) { history(${args}) ${page} } }`,
    );
    return data[singular]?.history.pageInfo ?? {};
  };
  const { endCursor } = await history('first: 1');
  if (endCursor) await history(`first: 2, after: "${endCursor}"`);
  const { startCursor } = await history('last: 1');
  if (startCursor) await history(`last: 2, before: "${startCursor}"`);
}

/** Every change by the pull feed: the last version of each record that was not to be forgotten. */
async function pull(world: World, viewer: string): Promise<Map<string, number>> {
  const held = new Map<string, number>();
  let [after, more] = ['0', true];
  while (more) {
    const args = `(first: 4, after: "${after}")`;
    const answer = await world.ask(
      viewer,
      `{ changes${args} ${rootSelection('Query', 'changes', 2)} }`,
    );
    for (const { id, position, version } of answer.data.changes.changes) {
      if (version) held.set(id, Number(position));
      else held.delete(id);
    }
    after = answer.data.changes.position;
    more = answer.data.changes.hasMore;
  }
  return held;
}

/** Follows everything until the store ends it. */
async function follow(world: World, viewer: string): Promise<{ text: () => string }> {
  const feeds = ['todoChanges', 'lakeFileChanges', 'noteChanges', 'changes'];
  const texts = feeds.map(() => '');
  for (const [index, name] of feeds.entries()) {
    const args =
      name === 'changes'
        ? '(after: "0", entities: [TODO, NOTE, LAKE_FILE])'
        : '(filter: {}, after: "0", snapshot: false)';
    const query = `subscription { ${name}${args} ${rootSelection('Subscription', name, 2)} }`;
    for (const part of partsOfDocument(schema, parse(query))) asked.add(part);
    const response = await world.fetch(viewer, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = async () => {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true };
        if (done) return;
        texts[index] += value;
      }
    };
    read().catch(() => {});
  }
  return { text: () => texts.join('\n') };
}

/** The secrets and ids in a text. */
function tokensIn(text: string): Set<string> {
  return new Set(text.match(/(secret|id)-\d+\./g) ?? []);
}

/** What somebody may be told of versions: all that they hold, their contents and their reasons. */
async function knownTo(store: Store, versions: readonly Version[]): Promise<Set<string>> {
  const texts = versions.map(({ id, values }) => `${id} ${JSON.stringify(values)}`);
  for (const { entity, values, transactionId } of versions) {
    const [transaction] = await store.transactions([transactionId]);
    texts.push(transaction?.reason ?? '');
    if (entity !== LakeFile) continue;
    const { sha256 } = values as { sha256: string };
    for await (const chunk of store.contents(sha256)) texts.push(Buffer.from(chunk).toString());
  }
  return tokensIn(texts.join(' '));
}

/** Each kind of change of each kind of record, by an admin and by an owner. */
const everyChange: Op[] = (['Todo', 'LakeFile', 'Note'] as const).flatMap((kindOfRecord) =>
  [
    ...ops.map((kind) => ({ kind, pick: 0, shared: false })),
    ...ops.map((kind) => ({ kind, pick: 1, shared: true })),
    // What was bob’s becomes ada’s.
    { kind: 'give' as const, pick: 1, shared: false },
    // What was changed since stands in the way of undoing the first transaction.
    { kind: 'revert' as const, pick: 0, shared: false },
  ].flatMap((each) =>
    ['root', 'bob', 'ada', 'tim'].map((by) => {
      const owner = each.shared ? 'bob' : 'ada';
      return { ...each, by, kindOfRecord, owner, dryRun: false };
    }),
  ),
);

async function expectGates(run: readonly Op[]): Promise<void> {
  await withStore({ entities, replicaInMemory: true }, async (store) => {
    const world = new World(store);
    const feeds = new Map<string, { text: () => string }>();
    // Whoever sees all is told first: what is made for them is for nobody who sees less.
    for (const viewer of names.toReversed()) feeds.set(viewer, await follow(world, viewer));
    for (const each of run) await world.run(each);
    const head = await store.head();
    const versions = await store.versionsBetween(0 as typeof head, head);
    await expectOwnWrites(store, versions);
    const current = new Map(versions.map((version) => [version.id, version]));
    for (const viewer of names) {
      const seen = versions.filter((version) => sees(viewer, version));
      await sweep(world, viewer, versions);
      const held = await pull(world, viewer);
      const last = [...current.values()].filter((version) => sees(viewer, version));
      expect(held).toEqual(new Map(last.map(({ id, position }) => [id, position])));
      await expectCounts(world, viewer, last);
      await expectTotals(world, viewer);
      await expectNoErasing(world, viewer);
      await expectTransactions(world, viewer, seen);
      await expectSnapshots(world, viewer, last);
      const downloads = await expectDownloads(world, viewer, versions);
      const feed = () => feeds.get(viewer)?.text() ?? '';
      await until(() => seen.every(({ position }) => feed().includes(`"position":"${position}"`)));
      world.told.push(
        { viewer, what: 'feeds', text: feed(), sent: '', upTo: head },
        { viewer, what: 'downloads', text: downloads, sent: '', upTo: head },
      );
      await expectTold(world, viewer, seen);
    }
    expect(world.faults).toEqual([]);
    store.endFollowing();
  });
}

/** What somebody but an admin wrote was theirs before, and is theirs. */
async function expectOwnWrites(store: Store, versions: readonly Version[]): Promise<void> {
  const byPosition = new Map(versions.map((version) => [version.position, version]));
  for (const version of versions) {
    const [transaction] = await store.transactions([version.transactionId]);
    const { owner } = version.entity;
    if (transaction?.actor === 'root') continue;
    for (const each of [version, byPosition.get(version.previousPosition as never)]) {
      if (each) expect(each.values).toMatchObject({ [owner as string]: transaction?.actor });
    }
  }
}

/** A viewer was told of nothing but what they see, and of all of that. */
async function expectTold(world: World, viewer: string, seen: readonly Version[]): Promise<void> {
  const texts = world.told.filter((each) => each.viewer === viewer);
  const known = new Map<number, Set<string>>();
  for (const { what, text, sent, upTo } of texts) {
    const then = seen.filter(({ position }) => position <= upTo);
    const allowed = known.get(upTo) ?? (await knownTo(world.store, then));
    known.set(upTo, allowed);
    const own = tokensIn(sent);
    const told = [...tokensIn(text)].filter((token) => !allowed.has(token) && !own.has(token));
    expect(told, `${viewer} was told by ${what}`).toEqual([]);
  }
  const all = tokensIn(texts.map(({ text }) => text).join(' '));
  expect([...(await knownTo(world.store, seen))].filter((token) => !all.has(token))).toEqual([]);
}

test('nothing of what may not be seen is told, by any road; what may be seen is', async () => {
  const runs = fc.array(op, { minLength: 12, maxLength: 24 });
  await checkProperty('who sees what', runs, 3, expectGates);
}, 300_000);

test('the same holds for each kind of change, over every field and argument of the schema', async () => {
  asked.clear();
  await expectGates(everyChange);
  expect([...partsOfSchema(schema)].filter((part) => !asked.has(part))).toEqual([]);
}, 120_000);

async function expectCounts(world: World, viewer: string, last: readonly Version[]): Promise<void> {
  for (const entity of entities) {
    const live = last.filter((each) => each.entity === entity && each.operation !== 'DELETE');
    const { singular, plural } = entity;
    const by = entity === Note ? 'OWNER_ID' : 'USER_ID';
    // An interval that is not over yet stands where the operation does.
    const span = 'from: "2040-01-01T00:00:00Z", to: "2040-01-02T00:00:00Z", every: DAY';
    const { data } = await world.ask(
      viewer,
      `{ list: ${plural}(first: 0) { totalCount } groups: ${singular}Groups(by: [${by}]) { count }
         series: ${plural}OverTime(${span}) { count } }`,
    );
    const groups: readonly { count: number }[] = data.groups;
    const counted = groups.reduce((sum, { count }) => sum + count, 0);
    expect([data.list.totalCount, counted, data.series[0].count]).toEqual(
      Array(3).fill(live.length),
    );
  }
}

async function expectTransactions(world: World, viewer: string, seen: readonly Version[]) {
  const { data } = await world.ask(viewer, '{ transactions(first: 0) { totalCount } }');
  const ids = new Set(seen.map(({ transactionId }) => transactionId));
  expect(data.transactions.totalCount).toBe(ids.size);
  for (const id of ids) {
    const own = seen.filter(({ transactionId }) => transactionId === id);
    const query = `{ transaction(id: "${id}") { versions(first: 50) { totalCount edges { node { position } } } } }`;
    const { versions } = (await world.ask(viewer, query)).data.transaction;
    const positions = versions.edges.map(
      (edge: { node: { position: string } }) => edge.node.position,
    );
    expect([versions.totalCount, positions]).toEqual([
      own.length,
      own.map(({ position }) => String(position)),
    ]);
  }
}

/** What feeds begin with. */
async function expectSnapshots(world: World, viewer: string, last: readonly Version[]) {
  for (const entity of entities) {
    const live = last.filter((each) => each.entity === entity && each.operation !== 'DELETE');
    const name = `${entity.singular}Changes`;
    const query = `subscription { ${name}(snapshot: true) { kind id ${entity.singular} { id } } }`;
    const response = await world.fetch(viewer, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
    });
    let text = '';
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (text.includes('CAUGHT_UP')) break;
    }
    const told = [...text.matchAll(/"kind":"SNAPSHOT","id":"(.*?)"/g)].map(([, id]) => id);
    expect(told.sort()).toEqual(live.map(({ id }) => id).sort());
  }
}

/** How much there is in all is told to admins alone. */
async function expectTotals(world: World, viewer: string): Promise<void> {
  const { errors = [] } = await world.ask(viewer, '{ log { versions } }');
  const codes = errors.map((error: { extensions: { code: string } }) => error.extensions.code);
  expect(codes).toEqual(viewer === 'root' ? [] : ['FORBIDDEN']);
}

/** To others it is not even told whether there is such a record. */
async function expectNoErasing(world: World, viewer: string): Promise<void> {
  if (viewer === 'root') return;
  for (const entity of entities) {
    for (const id of ['never', ...world.idsOf(entity).slice(0, 2)]) {
      const { errors } = await world.ask(
        viewer,
        `mutation ($id: ID!) {
           eraseRecord(entity: ${entity.enumName}, id: $id, reason: "none") {
             ... on EraseRecordPayload { erased receipt }
           }
         }`,
        { id },
      );
      expect(errors[0].extensions.code).toBe('FORBIDDEN');
    }
  }
}

/** @returns all that was downloaded. */
async function expectDownloads(
  world: World,
  viewer: string,
  versions: readonly Version[],
): Promise<string> {
  const texts: string[] = [];
  for (const version of versions.filter(({ entity }) => entity === LakeFile)) {
    const path = `/files/${encodeURIComponent(version.id)}/${version.revision}`;
    const response = await world.fetch(viewer, path);
    expect(response.status).toBe(sees(viewer, version) ? 200 : 404);
    texts.push(JSON.stringify([...response.headers]), await response.text());
    texts.push(...(await expectPlace(world, viewer, version)));
  }
  for (const owner of [null, ...names]) {
    const whose = owner === null ? '' : `&user=${owner}`;
    for (const query of ['?limit=1000', '?zip', `?position=${versions.length}`]) {
      const response = await world.fetch(viewer, `/files/by-path/${query}${whose}`);
      expect(response.status).toBe(200);
      texts.push(JSON.stringify([...response.headers]), await response.text());
    }
  }
  return texts.join(' ');
}

/** A version of a file by its position, and by its place then: its folder and name. */
async function expectPlace(world: World, viewer: string, version: Version): Promise<string[]> {
  const { filename, path = null, userId } = version.values as Record<string, string | null>;
  const parts = path === null ? [] : path.split('/').map(encodeURIComponent);
  const folder = `/files/by-path/${parts.map((part) => `${part}/`).join('')}`;
  const then = `position=${version.position}${userId === null ? '' : `&user=${userId}`}`;
  const isThere = version.operation !== 'DELETE' && sees(viewer, version);
  const texts: string[] = [];
  for (const url of [
    `/files/${encodeURIComponent(version.id)}?${then}`,
    `${folder}${encodeURIComponent(filename ?? '')}?${then}`,
  ]) {
    const response = await world.fetch(viewer, url);
    expect([url, response.status]).toEqual([url, isThere ? 200 : 404]);
    texts.push(JSON.stringify([...response.headers]), await response.text());
  }
  const below = await world.fetch(viewer, `${folder}?${then}`);
  if (isThere) expect(below.status).toBe(200);
  texts.push(await below.text());
  return texts;
}
