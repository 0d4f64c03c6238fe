/**
 * Generates what examples/typed/codegen.ts asks for, as GraphQL Code Generator's command does
 * there, but from schema.graphql; --check only compares.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import { buildSchema, type GraphQLAbstractType, isAbstractType, parse } from 'graphql';
import config from '../examples/typed/codegen.ts';

const folder = new URL('../examples/typed/', import.meta.url);
const schemaText = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');
const schema = { schema: parse(schemaText), schemaAst: buildSchema(schemaText) };

const typesFolder = 'generated/';
const possibleTypesPath = 'generated/possible-types.ts';
const types = config.generates[typesFolder];
mkdirSync(new URL(typesFolder, folder), { recursive: true });
for (const file of await typedDocuments())
  put(file.filename, await codegen({ ...file, ...schema }));
put(possibleTypesPath, possibleTypes());

/** The files of the preset. */
async function typedDocuments() {
  return await preset.buildGeneratesSection({
    ...schema,
    ...types,
    baseOutputDir: typesFolder,
    documents: config.documents.flatMap(readOperations),
    plugins: [],
    pluginMap: {},
  });
}

/** The operations in a file: no more than the templates that are given to `graphql`. */
function readOperations(location: string) {
  const text = readFileSync(new URL(location, folder), 'utf8');
  const templates = [...text.matchAll(/\bgraphql\(`(.*?)`\)/gs)];
  return templates.map(([, rawSDL = '']) => ({ location, rawSDL, document: parse(rawSDL) }));
}

/** What the plugin fragment-matcher writes, to the letter; it is one package more than this is. */
function possibleTypes(): string {
  const inOrder = (a: string, b: string) => a.localeCompare(b);
  const types = Object.values(schema.schemaAst.getTypeMap()).filter(isAbstractType);
  types.sort((a, b) => inOrder(a.name, b.name));
  const membersOf = (type: GraphQLAbstractType) =>
    schema.schemaAst.getPossibleTypes(type).map(({ name }) => name);
  const possibleTypes = Object.fromEntries(
    types.map((type) => [type.name, membersOf(type).sort(inOrder)]),
  );
  return `
      export interface PossibleTypesResultData {
        possibleTypes: {
          [key: string]: string[]
        }
      }
      const result: PossibleTypesResultData = ${JSON.stringify({ possibleTypes }, null, 2)};
      export default result;
    `;
}

function put(name: string, generated: string): void {
  const path = new URL(name, folder);
  if (!process.argv.includes('--check')) {
    writeFileSync(path, generated);
  } else if (readFileSync(path, 'utf8') !== generated) {
    console.error(`${name} is not what schema and operations say. Run: npm run codegen`);
    process.exitCode = 1;
  }
}
