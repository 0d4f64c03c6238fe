/** Long lists in variables: coerced in turns, to the same answers as graphql-js gives. */
import fc from 'fast-check';
import { buildSchema, type ExecutionArgs, execute, parse } from 'graphql';
import { expect, test } from 'vitest';
import { coerceLongLists, hasLongList } from '../src/http/graphql/long-lists.ts';
import { openApi } from './support/api.ts';
import { checkProperty } from './support/property.ts';

const schema = buildSchema(`
  enum Kind { A B }
  input One @oneOf { id: ID name: String }
  input Item { id: ID! count: Int = 3 kinds: [Kind!] one: One within: Item }
  type Query { echo(items: [Item], ids: [ID!]!, name: String = "none"): String }
`);
const document = parse(`
  query Other { echo(ids: []) }
  query Asked($items: [Item], $ids: [ID!]! = ["x"], $name: String, $id: ID = "y") {
    echo(items: $items, ids: $ids, name: $name)
    again: echo(items: $items, ids: [$id])
  }
`);

const argsOf = (variableValues: Record<string, unknown>): ExecutionArgs => ({
  schema,
  document,
  operationName: 'Asked',
  variableValues,
  rootValue: { echo: (args: unknown) => JSON.stringify(args) },
});

/** Mostly right, and wrong in many ways. */
const item = fc.oneof(
  {
    weight: 99,
    arbitrary: fc.record({ id: fc.oneof(fc.string(), fc.nat()), kinds: fc.constant(['A']) }),
  },
  {
    weight: 99,
    arbitrary: fc.record({ id: fc.string(), count: fc.constant(5), one: fc.constant({ id: 'a' }) }),
  },
  { weight: 99, arbitrary: fc.record({ id: fc.string(), within: fc.record({ id: fc.nat() }) }) },
  fc.constantFrom(
    null,
    undefined,
    'no object',
    [],
    {},
    { id: null },
    { id: 'a', count: 'many' },
    { id: 'a', kinds: 'B' },
    { id: 'a', kinds: ['C'] },
    { id: 'a', one: { id: 'a', name: 'b' } },
    { id: 'a', more: 1 },
  ),
);
/** So many that they are long, or nearly. */
const long = <T>(value: fc.Arbitrary<T>) =>
  fc
    .tuple(fc.array(value, { minLength: 1, maxLength: 5 }), fc.integer({ min: 495, max: 510 }))
    .map(([values, count]) =>
      Array.from({ length: count }, (_, index) => values[index % values.length]),
    );

test('what is answered, and what is wrong, is what graphql-js says', async () => {
  const variables = fc.record(
    {
      items: fc.oneof(long(item), fc.constantFrom<unknown>(null, 'no list', [null])),
      ids: fc.oneof(
        long(fc.oneof({ weight: 99, arbitrary: fc.string() }, fc.constantFrom(null, {}, 1.5))),
        fc.constant('one'),
      ),
      name: fc.oneof({ weight: 9, arbitrary: fc.string() }, long(fc.string())),
      unknown: long(fc.string()),
    },
    { requiredKeys: [] },
  );
  const outcomes = { answered: 0, refused: 0 };
  await checkProperty('long lists', variables, 300, async (values) => {
    const args = argsOf(values);
    const expected = await execute(args);
    const found = await execute(hasLongList(args) ? await coerceLongLists(args) : args);
    expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
    if (hasLongList(args)) outcomes[expected.errors ? 'refused' : 'answered'] += 1;
  });
  console.log('long lists:', outcomes);
  const { answered, refused } = outcomes;
  // Few runs, as PROPERTY_RUNS may ask for, need not come to both.
  if (answered + refused > 100) expect(Math.min(answered, refused)).toBeGreaterThan(10);
});

test('one that is long is coerced before, one that is wrong is left to graphql-js', async () => {
  const items = Array.from({ length: 501 }, (_, index) => ({ id: `${index}` }));
  const right = argsOf({ items });
  expect([hasLongList(right), hasLongList(argsOf({ items: items.slice(1) }))]).toEqual([
    true,
    false,
  ]);
  const coerced = await coerceLongLists(right);
  expect(coerced.variableValues?.items).toEqual(items.map((it) => ({ ...it, count: 3 })));
  const wrong = argsOf({ items: [...items, { id: null }] });
  expect(await coerceLongLists(wrong)).toBe(wrong);
});

test('of many records the one that cannot be is told, and none is written', async () => {
  const api = await openApi();
  const inputs = Array.from({ length: 600 }, (_, index) => ({ id: `t${index}`, priority: index }));
  const document = `mutation ($inputs: [CreateTodoInput!]!) {
    createTodos(inputs: $inputs) { ... on CreateTodosPayload { todos { id priority } } }
  }`;
  const wrong = await api.ask(document, { inputs: [...inputs, { id: 'x', priority: 'high' }] });
  expect(wrong.errors?.[0]).toMatchObject({
    message: expect.stringContaining('inputs[600].priority'),
    extensions: { code: 'BAD_USER_INPUT' },
  });
  expect(await api.position()).toBe('0');
  const { createTodos } = await api.data(document, { inputs });
  expect(createTodos.todos).toEqual(inputs);
});
