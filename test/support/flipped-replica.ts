/**
 * A process that flips one bit of a replica's file after the other, each in a fresh copy of a data
 * directory, opens it and compares all answers with the log: DuckDB could take its process with it.
 * Its arguments are the data directory, a directory for the copies, and the places as JSON.
 */
import { closeSync, cpSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../src/db/index.ts';
import { shippedEntities, Todo } from '../../src/entities/index.ts';
import { differences } from './differences.ts';

const [, , source = '', copies = '', list = '[]'] = process.argv;
for (const place of JSON.parse(list) as number[]) {
  process.send?.({ place, outcome: 'began' });
  process.send?.({ place, outcome: await tryPlace(place) });
}
process.disconnect();

async function tryPlace(place: number): Promise<string> {
  const directory = join(copies, `flipped-${place}`);
  cpSync(source, directory, { recursive: true });
  flip(join(directory, 'replica', '1.duckdb'), place);
  try {
    const store = await openStore({
      directory,
      entities: shippedEntities,
      onStateChange: () => {},
      onFault: () => {},
    });
    const wrong = await differences(store);
    await store.append(Todo, { id: 'one more' });
    if ((await store.get(Todo, 'one more')) === null) wrong.push('one more');
    await store.close();
    return wrong.length > 0 ? `wrong: ${wrong.slice(0, 3)}` : 'right';
  } catch (error) {
    return String(error);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function flip(path: string, place: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, place);
  byte[0] = (byte[0] as number) ^ (1 << (place % 8));
  writeSync(file, byte, 0, 1, place);
  closeSync(file);
}
