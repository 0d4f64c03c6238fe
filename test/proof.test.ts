/** Heads and proofs: what somebody who noted one digest elsewhere can tell of a log later. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leadsToHead, type Store } from '../src/db/index.ts';
import { readInclusionProof } from '../src/db/log/inclusion-proof.ts';
import { LakeFile, type Position, shippedEntities, Todo } from '../src/entities/index.ts';
import { checkProof, runProve, runVerify } from '../src/proof/index.ts';
import { openApi } from './support/api.ts';
import { forge } from './support/forged-log.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { lakeFile } from './support/lake-file.ts';
import { checkProperty } from './support/property.ts';
import { everstate } from './support/server.ts';
import { Specimen, specimenPatch } from './support/specimen.ts';
import { logPath, openTemporary, temporaryDirectory } from './support/temporary-store.ts';

/** `everstate verify`. @returns its code, and what it tells programs. */
async function verified(directory: string, head?: string, replica = false) {
  const options = head === undefined ? { replica } : { replica, head };
  const { exitCode, outcome, lines } = await runVerify(options, directory, shippedEntities);
  return { exitCode, lines, ...(outcome as { defect: { position: number; message: string } }) };
}

async function headOf(store: Store, at?: number): Promise<string> {
  const { position, digest } = await store.headAt((at ?? (await store.head())) as Position);
  return `${position}:${digest}`;
}

/** A log of eight versions in five transactions; closed. @returns its heads by position. */
async function writeLog(directory: string): Promise<string[]> {
  const store = await openTemporary({ directory });
  await store.append(Todo, { id: 'a', subject: 'one', labels: ['x'] }, { reason: 'because' });
  await store.append(LakeFile, lakeFile('a.csv'), { actor: 'ada' });
  await store.transact(async (log) => {
    await log.create(Todo, { id: 'b', subject: 'two', priority: 7 });
    await log.create(Todo, { id: 'c', subject: 'three' });
    await log.update(Todo, 'a', { subject: 'four' });
  });
  await store.transact(async (log) => {
    await log.update(Todo, 'b', { status: 'done' });
    await log.delete(Todo, 'c');
  });
  await store.append(Todo, { id: 'd' });
  const heads = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8].map((at) => headOf(store, at)));
  await store.close();
  return heads;
}

describe('a head', () => {
  test('is told by the API, by the store and by verify alike', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    const api = await openApi({ directory });
    const { log } = await api.data('{ log { position head { position digest } } }');
    expect(`${log.position}:${log.head.digest}`).toBe(heads[8]);
    expect(log.head.position).toBe('8');
    const { exitCode, lines } = await verified(directory);
    expect(exitCode).toBe(0);
    expect(lines).toContain(`The head is ${heads[8]}.`);
    expect(new Set(heads).size).toBe(9);
  });

  test('is told to viewers who see but little, as the position is', async () => {
    const store = await openTemporary();
    await store.append(Todo, { id: 'a' });
    const api = new GuardedApi(store, { eve: viewerOf('eve') });
    const answer = await api.ask('eve', '{ log { head { position digest } } }');
    expect(answer.data.log.head).toEqual(await store.headAt(1 as Position).then(shown));
  });

  test('stands for whatever other kinds the log has, and for what comes later', async () => {
    const directory = temporaryDirectory();
    await writeLog(directory);
    const store = await openTemporary({ directory, entities: [Todo] });
    const before = await headOf(store);
    await store.append(Todo, { id: 'e' });
    const after = await headOf(store);
    expect(await headOf(store, 8)).toBe(before);
    await store.close();
    expect(await verified(directory, after)).toMatchObject({ exitCode: 0, knownHeadAt: 9 });
  });

  test('of a position that is not there yet is refused', async () => {
    const store = await openTemporary();
    await expect(store.headAt(1 as Position)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

const shown = ({ position, digest }: { position: number; digest: string }) => ({
  position: String(position),
  digest,
});

describe('verify with a known head', () => {
  test('finds each head where it is, with and without its position', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    for (const [at, head] of heads.entries()) {
      for (const given of [head, head.slice(head.indexOf(':') + 1), head.toUpperCase()]) {
        const found = await verified(directory, given);
        expect(found).toMatchObject({ exitCode: 0, knownHeadAt: at, defect: null });
      }
    }
  });

  test('finds a log that was altered and hashed anew, which nothing else does', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    forge(directory, `update todos set subject = 'forged' where position = 3`);
    expect(await verified(directory)).toMatchObject({ exitCode: 0, isSound: true, defect: null });
    for (const [at, head] of heads.entries()) {
      const found = await verified(directory, head);
      if (at < 3) expect(found).toMatchObject({ exitCode: 0, knownHeadAt: at });
      else {
        expect(found).toMatchObject({ exitCode: 2, isSound: false, knownHeadAt: null });
        expect(found.defect.message).toContain(`The head at position ${at} is not the one`);
      }
      const bare = await verified(directory, head.slice(head.indexOf(':') + 1));
      expect(bare.exitCode).toBe(at < 3 ? 0 : 2);
    }
  });

  test('finds a log that was cut short', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    forge(
      directory,
      'delete from todos where position = 8; delete from transactions where last_position = 8',
    );
    expect(await verified(directory)).toMatchObject({ exitCode: 0 });
    const { exitCode, defect } = await verified(directory, heads[8]);
    expect(exitCode).toBe(2);
    expect(defect).toEqual({
      position: 8,
      message: 'The log ends at position 7, before the known head at 8.',
    });
  });

  test('says what is wrong after a head that is whole, and that nothing before it is', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    const raw = new Database(logPath(directory));
    raw.exec(
      `drop trigger todos_refuses_update; update todos set subject = 'x' where position = 6`,
    );
    raw.close();
    const { exitCode, lines, ...found } = await verified(directory, heads[5]);
    expect(exitCode).toBe(2);
    expect(found).toMatchObject({ versions: 5, knownHeadAt: 5, defect: { position: 6 } });
    expect(lines).toEqual([
      'Damaged at position 6: The version’s contents were altered.',
      'Before it 5 versions are sound.',
      'Nothing up to the known head, at 5, was altered.',
    ]);
  });

  test('refuses what is no head', async () => {
    const directory = temporaryDirectory();
    await writeLog(directory);
    for (const head of ['', '8', '8:abc', `8:${'g'.repeat(64)}`, `-1:${'a'.repeat(64)}`]) {
      await expect(verified(directory, head)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    }
  });
});

/** A file with a proof, and `everstate verify --proof` on it. */
async function checked(proof: unknown, head?: string) {
  const file = join(temporaryDirectory(), 'proof.json');
  writeFileSync(file, typeof proof === 'string' ? proof : JSON.stringify(proof));
  return await checkProof(file, head);
}

describe('a proof', () => {
  test('of every version leads to every head since', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    const store = await openTemporary({ directory, replicaInMemory: true });
    for (const version of await store.versionsBetween(0 as Position, 8 as Position)) {
      for (let at = version.position as number; at <= 8; at += 1) {
        const proof = await store.prove(version, at as Position);
        expect(leadsToHead(proof)).toBe(true);
        expect(proof.version.id).toBe(version.id);
        expect(`${proof.head.position}:${proof.head.digest}`).toBe(heads[at]);
      }
      await expect(store.prove(version, (version.position - 1) as Position)).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
      await expect(store.prove(version, 9 as Position)).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    }
  });

  test('is written by prove, and checked without the log', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    const proven = await runProve('Todo', 'b', {}, directory, shippedEntities);
    const { exitCode, lines, outcome } = await checked(proven.lines[0], heads[8]);
    expect(exitCode).toBeUndefined();
    expect(lines[0]).toBe('Proven: revision 2 of Todo "b" is in the log, at position 6.');
    expect(lines[1]).toMatch(/^UPDATE at \d{4}-.*: \{"labels":\[\],"priority":7,"status":"done"/);
    expect(outcome).toMatchObject({ isProven: true, version: { id: 'b', revision: 2 } });
    const first = { revision: '1', atPosition: '5' };
    const earlier = await runProve('Todo', 'b', first, directory, shippedEntities);
    expect((await checked(earlier.lines[0], heads[5])).lines[0]).toContain('at position 3.');
    expect((await checked(earlier.lines[0], heads[5]?.slice(2))).exitCode).toBeUndefined();
  });

  test('proves nothing to whoever knows no head, or another one', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    const { lines } = await runProve('Todo', 'a', {}, directory, shippedEntities);
    await expect(checked(lines[0])).rejects.toMatchObject({
      code: 'HEAD_NEEDED',
      message: expect.stringContaining(`leads to the head ${heads[8]}.`),
    });
    expect(await checked(lines[0], heads[7])).toMatchObject({ exitCode: 2 });
    expect(await checked(lines[0], `8:${'0'.repeat(64)}`)).toMatchObject({ exitCode: 2 });
  });

  test('is told by the API of versions that are seen, and of no others', async () => {
    const directory = temporaryDirectory();
    const heads = await writeLog(directory);
    const api = await openApi({ directory });
    const query = `query ($at: Position) {
      todo(id: "b") { history(last: 1) { edges { node { position proof(at: $at) } } } }
    }`;
    const proofOf = async (at?: string) =>
      (await api.data(query, { at })).todo.history.edges[0].node.proof;
    expect((await checked(await proofOf(), heads[8])).lines[0]).toContain('Proven: revision 1');
    expect((await checked(await proofOf('5'), heads[5])).lines[0]).toContain('Proven: revision 1');
    expect(await api.codes(query, { at: '2' })).toEqual(['BAD_USER_INPUT']);
    expect(await api.codes(query, { at: '9' })).toEqual(['BAD_USER_INPUT']);
    expect(api.logged).toEqual([]);
  });

  test('is for whoever sees the version', async () => {
    const store = await openTemporary();
    await store.append(Todo, { id: 'mine', userId: 'ada' });
    await store.append(Todo, { id: 'yours', userId: 'eve' });
    const api = new GuardedApi(store, { ada: viewerOf('ada') });
    const ask = (id: string) =>
      api.ask('ada', `{ todo(id: "${id}") { history { edges { node { proof } } } } }`);
    const { head, version } = (await ask('mine')).data.todo.history.edges[0].node.proof;
    expect({ head, version: version.values.userId }).toEqual({
      head: await store.headAt(2 as Position),
      version: 'ada',
    });
    expect((await ask('yours')).data).toEqual({ todo: null });
  });

  test('is not given of what was only tried', async () => {
    const api = await openApi();
    const answer = await api.ask(`mutation {
      createTodo(input: { id: "x" }, options: { dryRun: true }) {
        ... on CreateTodoPayload { todo { history { edges { node { proof } } } } }
      }
    }`);
    expect(answer.errors?.map(({ message }) => message)).toEqual([
      'dryRun: leaves nothing that could be proven to be in the log.',
    ]);
  });

  test('is not given of a version that is not as it was written', async () => {
    const directory = temporaryDirectory();
    await writeLog(directory);
    const raw = new Database(logPath(directory));
    raw.exec(
      `drop trigger todos_refuses_update; update todos set subject = 'x' where position = 6`,
    );
    raw.close();
    await expect(runProve('Todo', 'b', {}, directory, shippedEntities)).rejects.toThrow(
      'The version at position 6 is not as it was written. Restore the log from a backup.',
    );
  });

  test('holds for whatever values a record can have', async () => {
    const values = fc.tuple(
      specimenPatch,
      fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    );
    const store = await openTemporary({ entities: [Specimen] });
    await checkProperty('proven values', values, 60, async ([patch, weight]) => {
      const version = await store.append(Specimen, { ...patch, weight } as never);
      const proof = await store.prove(version, version.position);
      // As it comes out of a file.
      const read = readInclusionProof(JSON.parse(JSON.stringify(proof)));
      expect(read && leadsToHead(read)).toBe(true);
    });
  });
});

describe('a proof that was tampered with', () => {
  const directory = () => temporaryDirectory();

  test('is found, whichever bit of its file is another', async () => {
    const data = directory();
    const heads = await writeLog(data);
    const { lines } = await runProve('Todo', 'b', {}, data, shippedEntities);
    const whole = Buffer.from(lines[0] as string);
    const place = fc.tuple(fc.nat(whole.length - 1), fc.nat(7));
    let notProven = 0;
    await checkProperty('flipped proofs', place, 1_000, async ([at, bit]) => {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      try {
        const { exitCode } = await checked(bytes.toString(), heads[8]);
        expect(exitCode).toBe(2);
        notProven += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'NOT_A_PROOF' });
      }
    });
    expect(notProven).toBeGreaterThan(0);
  });

  test('is found, whichever of its values is another, missing or too much', async () => {
    const data = directory();
    const heads = await writeLog(data);
    const { outcome } = await runProve('Todo', 'b', {}, data, shippedEntities);
    const others = [...alterations(outcome)];
    expect(others.length).toBeGreaterThan(60);
    for (const other of others) {
      const found = await checked(other, heads[8]).catch(({ code }) => ({ exitCode: code }));
      expect([JSON.stringify(other), found.exitCode]).toEqual([
        expect.anything(),
        expect.toSatisfy((code) => code === 2 || code === 'NOT_A_PROOF'),
      ]);
    }
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['something else', '[]'],
    ['null', 'null'],
    ['another format', '{"format":"everstate-inclusion-proof-2"}'],
  ])('%s is no proof', async (_, text) => {
    await expect(checked(text, 'a'.repeat(64))).rejects.toMatchObject({ code: 'NOT_A_PROOF' });
  });

  test('a file that is not there is no proof', async () => {
    const file = join(directory(), 'none.json');
    await expect(checkProof(file, 'a'.repeat(64))).rejects.toMatchObject({ code: 'NOT_A_PROOF' });
  });
});

/** The same JSON with one of its values altered, missing or added, for each place in it. */
function* alterations(json: unknown): Generator<unknown> {
  yield json === null ? 'x' : null;
  if (typeof json === 'number') yield* [json + 1, -json, json + 0.5, String(json)];
  else if (typeof json === 'string') {
    yield* [`${json} `, json.slice(1), json.toUpperCase() === json ? '' : json.toUpperCase()];
  } else if (typeof json === 'boolean') yield !json;
  else if (Array.isArray(json)) {
    yield [...json, json[0] ?? 'x'];
    if (json.length > 0) yield json.slice(1);
    if (json.length > 1) yield json.toReversed();
    for (const [index, item] of json.entries()) {
      for (const other of alterations(item)) yield json.with(index, other);
    }
  } else if (json !== null) {
    const members = json as Record<string, unknown>;
    yield { ...members, surplus: 'x' };
    for (const [name, value] of Object.entries(members)) {
      const { [name]: _, ...rest } = members;
      yield rest;
      for (const other of alterations(value)) yield { ...members, [name]: other };
    }
  }
}

describe('the commands', { timeout: 60_000 }, () => {
  test('end with what they found: 0, 2 for what is wrong, 1 where nothing could be found', async () => {
    const data = temporaryDirectory();
    const heads = await writeLog(data);
    const file = join(temporaryDirectory(), 'proof.json');
    const run = async (...args: string[]) => await everstate(args, {}).end();
    const proven = await run('prove', 'Todo', 'b', '--data', data);
    expect(proven).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(file, proven.stdout);
    const head = heads[8] as string;
    const [sound, other, none, right, wrong, unknown, missing] = await Promise.all([
      run('verify', '--data', data, '--head', head, '--json'),
      run('verify', '--data', data, '--head', head.replace('8:', '7:'), '--json'),
      run('verify', '--data', join(data, 'none'), '--json'),
      run('verify', '--proof', file, '--head', head),
      run('verify', '--proof', file, '--head', heads[7] as string),
      run('verify', '--proof', file),
      run('prove', 'Todo', 'z', '--data', data),
    ]);
    expect([sound, other, none, right, wrong, unknown, missing].map((each) => each?.code)).toEqual([
      0, 2, 1, 0, 2, 1, 1,
    ]);
    expect(JSON.parse(sound?.stdout ?? '')).toMatchObject({
      isSound: true,
      versions: 8,
      knownHeadAt: 8,
      replicas: [{ file: '1.duckdb', state: 'right', position: 8 }],
    });
    expect(JSON.parse(other?.stdout ?? '')).toMatchObject({ isSound: false });
    expect(JSON.parse(none?.stdout ?? '')).toMatchObject({ error: { code: 'CANNOT_OPEN' } });
    expect(missing).toMatchObject({ stdout: '', stderr: 'everstate: There is no Todo "z".\n' });
    expect(readFileSync(file, 'utf8')).toBe(proven.stdout);
  });
});
