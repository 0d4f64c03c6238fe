/** Moments that clients name: to the microsecond, or refused. */
import { expect, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { parseDateTime } from '../src/resolvers/index.ts';
import { openApi } from './support/api.ts';
import { Specimen } from './support/specimen.ts';

const whole = 1_795_395_723_000_004;
const day = '2026-11-23T01:02:03';

test('digits past microseconds are kept as zeros, or refused', () => {
  expect(parseDateTime(`${day}.000004Z`)).toBe(whole);
  expect(parseDateTime(`${day}.000004000Z`)).toBe(whole);
  expect(parseDateTime(`${day}.1Z`)).toBe(whole - 4 + 100_000);
  for (const fraction of ['0000001', '000004900', '0000040001', '']) {
    expect([fraction, parseDateTime(`${day}.${fraction}Z`)]).toEqual([fraction, null]);
  }
});

test('a date alone, a leap second and a time without a zone are none', () => {
  const none = ['2026-11-23', '2026', day, '2016-12-31T23:59:60Z', `${day}+0200`, '', 'now'];
  for (const text of none) expect([text, parseDateTime(text)]).toEqual([text, null]);
});

/** Every place that takes a moment, with the argument that it is of. */
const places = [
  ['asOf.time', '{ specimens(asOf: { time: $ }) { totalCount } }'],
  ['asOf.time', '{ specimen(id: "a", asOf: { time: $ }) { id } }'],
  ['filter.createdAt.lt', '{ specimens(filter: { createdAt: { lt: $ } }) { totalCount } }'],
  [
    'filter.not.due.in.1',
    `{ specimens(filter: { not: { due: { in: ["${day}Z", $] } } }) {
    totalCount } }`,
  ],
  ['filter.or.due.eq', '{ specimens(filter: { or: { due: { eq: $ } } }) { totalCount } }'],
  ['from', `{ specimensOverTime(from: $, to: "${day}Z", every: DAY) { count } }`],
  ['to', `{ specimensOverTime(from: "${day}Z", to: $, every: DAY) { count } }`],
  ['input.due', 'mutation { createSpecimen(input: { due: $ }) { __typename } }'],
  ['inputs.0.due', 'mutation { createSpecimens(inputs: [{ due: $ }]) { __typename } }'],
  ['asOf.time', 'mutation { restoreSpecimen(id: "a", asOf: { time: $ }) { __typename } }'],
] as const;

test('a moment that cannot be kept is refused wherever one is given, by its argument', async () => {
  const api = await openApi({ entities: [Specimen] });
  for (const text of ['2026-11-23', `${day}.0000049Z`]) {
    for (const [argument, query] of places) {
      const literal = await api.ask(query.replace('$', JSON.stringify(text)));
      expect(literal.errors?.map(({ message }) => message)).toEqual([
        expect.stringContaining(`${argument}: DateTime must be RFC 3339 text`),
      ]);
      expect(literal.errors?.[0]).toMatchObject({
        locations: [{ line: 1 }],
        extensions: { code: 'BAD_USER_INPUT', argument },
      });
      const variable = await api.ask(
        query
          .replace(/^(\{|mutation)/, (start) =>
            start === '{' ? 'query ($at: DateTime!) {' : 'mutation ($at: DateTime!)',
          )
          .replace('$]', '$at]')
          .replace(/: \$(?!at)/, ': $at'),
        { at: text },
      );
      expect(variable.errors?.[0]?.message).toContain('Variable "$at" got invalid value');
      expect(variable.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  }
  const { errors } = await api.ask(
    'query ($filter: SpecimenFilter) { specimens(filter: $filter) { totalCount } }',
    { filter: { and: [{ due: { gte: '2026-11-23' } }] } },
  );
  expect(errors?.[0]?.message).toContain('at "filter.and[0].due.gte"; DateTime must be');
});

test('literals of other kinds are refused by their argument, too', async () => {
  const api = await openApi();
  for (const [argument, query] of [
    ['asOf.position', '{ todos(asOf: { position: "x" }) { totalCount } }'],
    ['first', '{ todos(first: "x") { totalCount } }'],
    ['filter.priority.in.1', '{ todos(filter: { priority: { in: [1, 2.5] } }) { totalCount } }'],
    ['orderBy.0.field', '{ todos(orderBy: [{ field: NOTHING }]) { totalCount } }'],
    ['$first', 'query ($first: Int = "x") { todos(first: $first) { totalCount } }'],
  ] as const) {
    const { errors } = await api.ask(query);
    expect(errors?.[0]?.extensions.argument).toBe(argument);
    expect(errors?.[0]?.message.startsWith(`${argument}: `)).toBe(true);
  }
  const { errors } = await api.ask('{ todos(nothing: 1) { totalCount } }');
  expect(errors?.[0]?.message).toContain('Unknown argument "nothing"');
});

test('a moment compares to the microsecond', async () => {
  let now = whole - 1;
  const api = await openApi({ clock: () => (now += 1) });
  for (const id of ['a', 'b', 'c']) await api.store.append(Todo, { id });
  const list = async (filter: string) =>
    (
      await api.data(`{ todos(filter: { createdAt: ${filter} }, orderBy: [{ field: ID }]) {
      edges { node { id } } } }`)
    ).todos.edges.map(({ node }: { node: { id: string } }) => node.id);
  const at = (micros: number) => `"${day}.00000${micros}000Z"`;
  expect(await list(`{ eq: ${at(5)} }`)).toEqual(['b']);
  expect(await list(`{ ne: ${at(5)} }`)).toEqual(['a', 'c']);
  expect(await list(`{ in: [${at(4)}, ${at(6)}] }`)).toEqual(['a', 'c']);
  expect(await list(`{ lt: ${at(5)} }`)).toEqual(['a']);
  expect(await list(`{ gte: ${at(5)} }`)).toEqual(['b', 'c']);
  expect(await list('{ isNull: true }')).toEqual([]);
});
