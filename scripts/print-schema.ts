/** Prints the schema of the shipped entities into schema.graphql; --check only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { shippedEntities } from '../src/entities/index.ts';
import { printedSchema } from '../src/print-schema.ts';

const path = new URL('../schema.graphql', import.meta.url);
const printed = `${printedSchema(shippedEntities)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(path, printed);
} else if (readFileSync(path, 'utf8') !== printed) {
  console.error('schema.graphql is not what the code says. Run: npm run schema');
  process.exitCode = 1;
}
