/** What goes out comes back the same: histories and states through every format. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '../src/db/index.ts';
import { LakeFile, shippedEntities, Todo } from '../src/entities/index.ts';
import { formats } from '../src/transfer/formats.ts';
import { checkProperty } from './support/property.ts';
import { Specimen } from './support/specimen.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { exported, historyOf, imported, inDirectory, onLog } from './support/transfers.ts';

const entities = [Todo, LakeFile, Specimen];

/** What formats have trouble with. */
const text = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      'null',
      'NULL',
      '\\N',
      '""',
      ',',
      '\n',
      '\r\n',
      '"a","b"',
      '\t',
      "'",
      '\\',
      '[]',
      '{}',
    ],
    ...[
      '\u{feff}x',
      '\u2028',
      '\u{1f600}',
      'e\u0301',
      '\u0001',
      '-0',
      '1e5',
      'true',
      '# a',
      'a\n\nb',
    ],
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const micros = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
const values = fc.record(
  {
    title: orNull(text),
    state: text,
    rank: orNull(fc.integer()),
    bytes: orNull(fc.oneof(micros, fc.constantFrom(2 ** 53 - 1, -(2 ** 53) + 1, 0))),
    weight: orNull(fc.double({ noNaN: true, noDefaultInfinity: true })),
    done: orNull(fc.boolean()),
    due: orNull(micros),
    labels: fc.array(text, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const change = fc.record({
  kind: fc.constantFrom('todo', 'file', 'specimen', 'specimen', 'delete', 'restore'),
  id: fc.constantFrom('a', 'b', 'ü "c", d'),
  text,
  values,
});
const history = fc.array(
  fc.record({
    actor: orNull(fc.constantFrom('ada', 'a "b"\nc')),
    changes: fc.array(change, { minLength: 1, maxLength: 5 }),
  }),
  { maxLength: 8 },
);
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** Writes what can be written of it. */
async function write(data: string, transactions: History): Promise<void> {
  const work = async (log: Parameters<Parameters<typeof onLog>[1]>[0]) => {
    for (const { actor, changes } of transactions) {
      await log.transact(
        async (transaction) => {
          for (const { kind, id, text: subject, values: patch } of changes) {
            const before = await transaction.get(kind === 'file' ? LakeFile : Specimen, id);
            const done = async () => {
              if (kind === 'todo') await transaction.create(Todo, { subject });
              else if (kind === 'delete') await transaction.delete(Specimen, id);
              else if (kind === 'restore') await transaction.restore(Specimen, id, { revision: 1 });
              else if (kind === 'specimen' && before) {
                await transaction.update(Specimen, id, patch as never);
              } else if (kind === 'specimen') await transaction.create(Specimen, { ...patch, id });
              else if (before) {
                await transaction.update(
                  LakeFile,
                  id,
                  await transaction.putContents(Buffer.from(subject)),
                );
              } else {
                const stored = await transaction.putContents(Buffer.from(subject));
                await transaction.create(LakeFile, { id, filename: `f ${id}`, ...stored });
              }
            };
            await done().catch((error: unknown) => {
              if (!(error instanceof Problem)) throw error;
            });
          }
        },
        { actor },
      );
    }
  };
  await onLog(data, work, entities);
}

test('a history is the same after any format, byte for byte, and its log is proven', async () => {
  await checkProperty('histories', history, 6, async (transactions) => {
    await inDirectory(async (directory) => {
      const data = join(directory, 'data');
      await write(data, transactions);
      const before = await historyOf(data, entities);
      for (const format of formats) {
        const [out, back] = [join(directory, format), join(directory, `${format}-back`)];
        await exported(data, out, { format, history: true, files: true }, entities);
        await imported(back, out, {}, entities);
        expect(await historyOf(back, entities)).toEqual(before);
        const { defect } = await onLog(back, (log) => log.verify(), entities);
        expect(defect).toBeNull();
      }
    });
  });
}, 120_000);

test('a state is the same after any format, and importing it again changes nothing', async () => {
  await checkProperty('states', history, 4, async (transactions) => {
    await inDirectory(async (directory) => {
      const data = join(directory, 'data');
      await write(data, transactions);
      const held = async (from: string) =>
        await inDirectory(async (elsewhere) => {
          const out = join(elsewhere, 'state');
          await exported(from, out, { format: 'ndjson' }, entities);
          const rows = entities.flatMap(({ name }) =>
            readFileSync(join(out, `${name}.ndjson`), 'utf8')
              .split('\n')
              .filter(Boolean),
          );
          return rows.map((row) => {
            const { revision, position, createdAt, updatedAt, ...record } = JSON.parse(row);
            return record;
          });
        });
      const before = await held(data);
      for (const format of formats) {
        const [out, back] = [join(directory, format), join(directory, `${format}-back`)];
        await exported(data, out, { format, files: true }, entities);
        const first = await imported(back, out, {}, entities);
        expect(first).toMatchObject({ created: before.length, updated: 0, unchanged: 0 });
        expect(await held(back)).toEqual(before);
        const again = await imported(back, out, {}, entities);
        expect(again).toMatchObject({ created: 0, unchanged: before.length });
      }
    });
  });
}, 120_000);

describe('an export', () => {
  test('tells what it holds, and what each file is', async () => {
    const data = temporaryDirectory();
    const store = await openTemporary({ directory: data });
    await store.append(Todo, { id: 'a', subject: 'first' });
    await store.update(Todo, 'a', { subject: 'second' });
    const at = (await store.append(Todo, { id: 'b' })).position;
    const out = join(data, 'out');
    const outcome = await exported(data, out, { format: 'csv', history: true });
    expect(outcome).toMatchObject({
      position: at,
      rows: { Todo: 3, LakeFile: 0 },
      transactions: 3,
    });
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ logId: store.logId, position: at, contains: 'history' });
    const [todos] = manifest.entities;
    const bytes = readFileSync(join(out, todos.file));
    expect(todos).toMatchObject({ name: 'Todo', file: 'Todo.csv', rows: 3, bytes: bytes.length });
    expect(todos.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(todos.fields.priority).toEqual({ kind: 'int', nullable: false });
    expect(bytes.toString('utf8').split('\n')[0]).toBe(
      'position,transactionId,committedAt,createdAt,id,revision,operation,previousPosition,' +
        'userId,subject,body,priority,status,description,labels',
    );
  });

  test('has the state as it was at a position or a time', async () => {
    const data = temporaryDirectory();
    let now = 1_700_000_000_000_000;
    const store = await openTemporary({ directory: data, clock: () => (now += 1_000_000) });
    const first = await store.append(Todo, { id: 'a', subject: 'first' });
    await store.update(Todo, 'a', { subject: 'second' });
    await store.delete(Todo, 'a');
    const subjects = async (options: object) =>
      await inDirectory(async (directory) => {
        const out = join(directory, 'out');
        await exported(data, out, { format: 'ndjson', entity: ['Todo'], ...options });
        expect(readdirSync(out).sort()).toEqual(['Todo.ndjson', 'manifest.json']);
        const rows = readFileSync(join(out, 'Todo.ndjson'), 'utf8').split('\n').filter(Boolean);
        return rows.map((row) => JSON.parse(row).subject);
      });
    expect(await subjects({})).toEqual([]);
    expect(await subjects({ atPosition: String(first.position) })).toEqual(['first']);
    expect(await subjects({ atTime: new Date((now - 1_000_000) / 1_000).toISOString() })).toEqual([
      'second',
    ]);
    expect(await subjects({ atPosition: '0' })).toEqual([]);
    for (const atPosition of ['4', '-1', 'x']) {
      await expect(subjects({ atPosition })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    }
  });

  test('holds one position while others go on writing', async () => {
    const data = temporaryDirectory();
    const store = await openTemporary({ directory: data });
    const add = async (count: number) => {
      await store.transact(async (log) => {
        for (let number = 0; number < count; number += 1) await log.create(Todo, { subject: 'x' });
      });
    };
    await add(6_000);
    let stopped = false;
    const writing = (async () => {
      while (!stopped) await add(10);
    })();
    const out = join(data, 'out');
    const { position, rows } = await exported(data, out, { format: 'csv' }).finally(() => {
      stopped = true;
    });
    await writing;
    expect(await store.head()).toBeGreaterThan(position as number);
    expect(rows).toEqual({ Todo: position, LakeFile: 0 });
  });

  test('never writes over anything, and leaves nothing that looks whole', async () => {
    const data = temporaryDirectory();
    await onLog(data, (log) => log.transact((transaction) => transaction.create(Todo, {})));
    const out = join(data, 'out');
    mkdirSync(`${out}.unfinished`);
    writeFileSync(join(`${out}.unfinished`, 'Todo.parquet'), 'of a killed one');
    await exported(data, out);
    expect(existsSync(`${out}.unfinished`)).toBe(false);
    await expect(exported(data, out)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    await expect(exported(join(data, 'none'), join(data, 'x'))).rejects.toMatchObject({
      code: 'CANNOT_OPEN',
    });
    expect(existsSync(join(data, 'x'))).toBe(false);
    expect(existsSync(join(data, 'none'))).toBe(false);
  });

  test('is refused where the log holds kinds that it was not opened with, unless some are named', async () => {
    const data = temporaryDirectory();
    await onLog(data, (log) => log.transact((each) => each.create(Specimen, {})), entities);
    const out = join(data, 'out');
    await expect(exported(data, out)).rejects.toMatchObject({ code: 'KINDS_MISSING' });
    await expect(exported(data, out, { entity: ['Note'] })).rejects.toThrow(
      'There is no Note; there are Todo and LakeFile.',
    );
    expect(await exported(data, out, { entity: ['Todo'] })).toMatchObject({ rows: { Todo: 0 } });
    expect(shippedEntities).toHaveLength(2);
  });
});
