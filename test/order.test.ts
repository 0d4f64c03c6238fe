/** An order decides the same between two versions, in JavaScript, as for lists, in DuckDB. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Order } from '../src/db/index.ts';
import type { OrderKey } from '../src/entities/index.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenValues } from './support/specimen.ts';
import { specimenOptions } from './support/specimen-log.ts';
import { withStore } from './support/temporary-store.ts';

const fields = Object.entries(Specimen.fields).flatMap(([name, { kind }]) =>
  kind === 'labels' ? [] : [name],
);
const orderKeys: fc.Arbitrary<OrderKey[]> = fc
  .shuffledSubarray([...fields, 'id', 'createdAt', 'updatedAt'], { minLength: 1, maxLength: 3 })
  .chain((names) =>
    fc.tuple(
      ...names.map((field) =>
        fc.constantFrom('asc' as const, 'desc' as const).map((direction) => ({ field, direction })),
      ),
    ),
  );

/** Where UTF-8 and UTF-16 disagree, and what begins as another does. */
const parts = ['a', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{1f600}', '\u{10ffff}'];
const id = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 3 });
const records = fc.uniqueArray(
  fc.tuple(id, specimenValues).map(([letters, values]) => ({ ...values, id: letters.join('') })),
  { minLength: 2, maxLength: 30, selector: (record) => record.id },
);

test('every order is the same both ways', { timeout: 120_000 }, () =>
  checkProperty(
    'ordering',
    fc.tuple(records, fc.array(orderKeys, { minLength: 50, maxLength: 50 })),
    20,
    ([values, orders]) =>
      withStore(specimenOptions, async (store) => {
        await store.transact(async (log) => {
          for (const each of values) await log.create(Specimen, each);
        });
        for (const orderBy of orders) {
          const order = new Order(Specimen, orderBy);
          const { versions } = await store.list(Specimen, { orderBy });
          const sorted = versions.toSorted((a, b) => a.position - b.position);
          const byVersion = sorted.toSorted((a, b) => order.compare(a, b));
          const byPlace = sorted.toSorted((a, b) => order.compare(order.placeOf(a), b));
          const ids = versions.map((version) => version.id);
          expect({ orderBy, ids: byVersion.map((version) => version.id) }).toEqual({
            orderBy,
            ids,
          });
          expect(byPlace).toEqual(byVersion);
          expect(versions.map((version) => order.compare(version, version))).toEqual(
            versions.map(() => 0),
          );
        }
      }),
  ),
);
