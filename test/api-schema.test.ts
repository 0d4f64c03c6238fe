/** The schema as clients see it: complete, described, and the same as the committed print. */
import { readFileSync } from 'node:fs';
import {
  buildClientSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  getIntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  printSchema,
  validateSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import { buildSchema } from '../src/schema/index.ts';
import { openApi } from './support/api.ts';
import { everstate } from './support/server.ts';
import { Specimen } from './support/specimen.ts';

interface Described {
  readonly description?: string | null | undefined;
}

/** Every part of a schema by its coordinate. */
function* partsOf(schema: GraphQLSchema): Generator<[string, Described]> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (
      type.name.startsWith('__') ||
      ['ID', 'String', 'Int', 'Float', 'Boolean'].includes(type.name)
    ) {
      continue;
    }
    yield [type.name, type];
    yield* membersOf(type);
  }
}

function* membersOf(type: GraphQLNamedType): Generator<[string, Described]> {
  if (isEnumType(type))
    for (const value of type.getValues()) yield [`${type}.${value.name}`, value];
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) yield [`${type}.${field.name}`, field];
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return;
  for (const field of Object.values(type.getFields())) {
    yield [`${type}.${field.name}`, field];
    for (const arg of field.args) yield [`${type}.${field.name}(${arg.name}:)`, arg];
  }
}

test('the schema that the server tells is the committed one', async () => {
  const api = await openApi();
  const told = buildClientSchema(await api.data(getIntrospectionQuery({ oneOf: true })));
  const committed = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');
  expect(printSchema(told).trim()).toBe(committed.trim());
});

test('every type, field, argument, input field and enum value is described', async () => {
  const api = await openApi();
  for (const schema of [buildSchema(api.store.entities), buildSchema([Specimen])]) {
    expect(validateSchema(schema)).toEqual([]);
    const bare = [...partsOf(schema)].filter(([, { description }]) => !description?.trim());
    expect(bare.map(([name]) => name)).toEqual([]);
  }
});

test('a description is one or more whole sentences', async () => {
  const api = await openApi();
  const cut = [...partsOf(buildSchema(api.store.entities))].filter(
    ([, { description }]) => !/^[`"A-Z].*([.:…]|`)$/s.test(description ?? ''),
  );
  expect(cut.map(([name, { description }]) => [name, description])).toEqual([]);
});

test('a kind of record gets everything that Todo has by its definition alone', async () => {
  const schema = buildSchema([Specimen]);
  expect(Object.keys(schema.getQueryType()?.getFields() ?? {})).toEqual([
    'specimen',
    'specimens',
    'specimenGroups',
    'specimensOverTime',
    'node',
    'transaction',
    'transactions',
    'changes',
    'log',
    'viewer',
  ]);
  expect(Object.keys(schema.getMutationType()?.getFields() ?? {})).toEqual([
    'createSpecimen',
    'updateSpecimen',
    'deleteSpecimen',
    'restoreSpecimen',
    'createSpecimens',
    'updateSpecimens',
    'transact',
    'revertTransaction',
    'eraseRecord',
  ]);
  const types = ['Specimen', 'SpecimenVersion', 'SpecimenFilter', 'SpecimenConnection'];
  for (const name of types) expect(schema.getType(name)).toBeDefined();
  expect(schema.getType('LakeFileMatch')).toBeUndefined();
});

test('the command line prints it, with kinds of records of one’s own as well', async () => {
  const [shipped, notes] = await Promise.all([
    everstate(['schema']).end(),
    everstate(['schema', '--entities', 'examples/notes/notes.ts']).end(),
  ]);
  expect(shipped).toMatchObject({ code: 0, stderr: '' });
  expect(shipped.stdout).toBe(readFileSync('schema.graphql', 'utf8'));
  expect(notes).toMatchObject({ code: 0, stderr: '' });
  expect(notes.stdout).toContain('type Note implements Node');
  expect(notes.stdout).not.toContain('type LakeFile');
});
