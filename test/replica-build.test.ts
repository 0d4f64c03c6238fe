/** A replica that is built from the log holds what one holds that applied each commit as it came. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { type Position, positionZero, Todo } from '../src/entities/index.ts';
import { Specimen } from './support/specimen.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';

const entities = [Specimen, Todo] as const;
const texts = [
  '',
  'plain',
  'ÄRGER',
  'İstanbul',
  'straße',
  '\u{1f600}',
  'tab\t "quoted" \\ \u0001\n',
];
const numbers = [null, 0, 0.1, 1 / 3, -2.5, 5e-324, 1.7976931348623157e308, 123456789012345680];
const longs = [null, 0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];

/** Specimens with the edges of every kind; changed, deleted and restored, with todos in between. */
async function write(store: Store): Promise<void> {
  const of = <T>(values: readonly T[], index: number) => values[index % values.length] as T;
  const values = (index: number) => ({
    title: index % 5 === 0 ? null : of(texts, index),
    weight: of(numbers, index),
    bytes: of(longs, index),
    due: of(longs, index + 1),
    rank: of([null, 2 ** 31 - 1, -(2 ** 31)], index),
    done: of([null, true, false], index),
    labels: texts.slice(0, index % texts.length),
  });
  for (let round = 0; round < 4; round += 1) {
    await store.transact(async (log) => {
      for (let index = round; index < 40; index += 1 + round) {
        const id = `${of(texts, index).trim()} ${index}`;
        if (round === 0) await log.create(Specimen, { id, ...values(index) });
        else if (round === 2) await log.delete(Specimen, id);
        else if (round === 3 && (index - 2) % 3 === 0) await log.restore(Specimen, id);
        else if (round === 1) await log.update(Specimen, id, values(index + 1));
      }
      await log.create(Todo, { subject: `round ${round}` });
    });
  }
}

/** What lists say at every position, and what is found in any case now. */
async function answers(store: Store) {
  const head = await store.head();
  const lists = [];
  for (let at = positionZero as number; at <= head; at += 1) {
    for (const entity of entities)
      lists.push((await store.list(entity, { at: at as Position })).versions);
  }
  const searches = ['ärger', 'istanbul', 'STRASSE', 'straße', 'plain'].map((search) =>
    store.count(Specimen, { filter: { search } as never }),
  );
  const labels = store.groups(Specimen, { by: ['labels'] } as never);
  return { lists, searches: await Promise.all(searches), labels: await labels };
}

test.each([1, 7, 16_384])('read from the log %i versions at a time', async (catchUpBatchRows) => {
  const directory = temporaryDirectory();
  const applied = await openTemporary({ directory, entities });
  await write(applied);
  const expected = await answers(applied);
  expect(expected.searches.filter((count) => count > 0).length).toBeGreaterThan(2);
  await applied.close();
  rmSync(join(directory, 'replica'), { recursive: true });
  const built = await openTemporary({ directory, entities, replicaLimits: { catchUpBatchRows } });
  expect(await answers(built)).toEqual(expected);
  // What is committed afterwards supersedes what was built.
  const live = expected.lists.at(-2) ?? [];
  const { id } = live[0] as { id: string };
  await built.update(Specimen, id, { title: 'later' });
  expect((await built.get(Specimen, id))?.values.title).toBe('later');
  expect((await built.list(Specimen)).versions).toHaveLength(live.length);
});

test.each([1, 64])('a commit applied as JSON of the log from %i versions on', async (rows) => {
  const directory = temporaryDirectory();
  // All of it stays in the delta, and is read from there.
  const waiting = { mergeRows: 65_536, mergeIdleMs: 600_000, unmergedRowsMax: 0 };
  const replicaLimits = { ...waiting, deltaJsonRowsMin: rows };
  const applied = await openTemporary({ directory, entities, replicaLimits });
  await write(applied);
  const expected = await answers(applied);
  expect(expected.searches.filter((count) => count > 0).length).toBeGreaterThan(2);
  await applied.close();
  rmSync(join(directory, 'replica'), { recursive: true });
  const built = await openTemporary({ directory, entities });
  expect(await answers(built)).toEqual(expected);
});
