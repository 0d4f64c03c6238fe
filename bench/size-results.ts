/** What things cost by the size of the log: kept as JSON, a file per size. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from './results.ts';

export const systemNames = ['everstate', 'postgraphile', 'window'] as const;
export type SystemName = (typeof systemNames)[number];

/** Numbers by what was measured; the units are in the names. */
export type Costs = Readonly<Record<string, number>>;

export interface SizeResult {
  readonly versions: number;
  readonly systems: Readonly<Partial<Record<SystemName, SystemResult>>>;
}

interface SystemResult {
  readonly measuredOn: string;
  readonly day: string;
  readonly costs: Costs;
}

const directory = join(import.meta.dirname, 'results');

/** All that was measured, from the smallest to the largest. */
export function readSizes(): SizeResult[] {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const results = names
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as SizeResult);
  return results.sort((a, b) => a.versions - b.versions);
}

/** Keeps what a system costs at a size, in the place of what it cost before. */
export function writeCosts(versions: number, system: SystemName, costs: Costs): void {
  const before = readSizes().find((result) => result.versions === versions);
  const day = new Date().toISOString().slice(0, 10);
  const rounded = Object.entries(costs).map(([name, value]) => [name, +value.toPrecision(4)]);
  const measured = { measuredOn: describeMachine(), day, costs: Object.fromEntries(rounded) };
  const result = { versions, systems: { ...before?.systems, [system]: measured } };
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${versions}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
