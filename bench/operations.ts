/** What systems are asked in turn: each in its own words, the answers in the same form. */
import { ask } from './load.ts';

/** Arguments of each operation, and what its answer comes to. */
export interface OperationKinds {
  byId: { args: { id: string }; answer: Row | null };
  /** The first 50 of a status, by priority, then the newest first. */
  page: { args: { status: string }; answer: Row[] };
  /** The same of one user. */
  pageOf: { args: { status: string; userId: string }; answer: Row[] };
  /** 50 further on in the list of a status: after that many. */
  deepPage: { args: { status: string; after: Cursor }; answer: Row[] };
  counts: { args: object; answer: Counts };
  /** All versions of a record, the newest first. */
  history: { args: { id: string }; answer: Row[] };
  asOf: { args: { position: number }; answer: Row[] };
  /** Counts by status at each of 30 positions. */
  series: { args: { positions: readonly number[] }; answer: Counts[] };
  update: { args: Update; answer: { revision: number } };
  createMany: { args: { rows: readonly NewRow[] }; answer: true };
}

export type OperationName = keyof OperationKinds;
export type Row = Readonly<Record<string, unknown>>;
export type NewRow = Readonly<Record<string, unknown>>;
export type Counts = Readonly<Record<string, number>>;
/** Where a page begins, as the system has it. */
export type Cursor = string | number;

export interface Update {
  readonly id: string;
  readonly expectedRevision: number;
  readonly subject: string;
  readonly priority: number;
  readonly status: string;
}

export interface Operation<Name extends OperationName = OperationName> {
  readonly document: string;
  /** The operation's arguments as the document's variables; as they are without. */
  readonly variables?: (args: OperationKinds[Name]['args']) => object;
  /** @param data the answer's `data`. @throws TypeError when it is not what was asked for. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the system's schema has.
  readonly read: (data: any) => OperationKinds[Name]['answer'];
}

export type Operations = { readonly [Name in OperationName]: Operation<Name> };

/** A system under measurement: where it listens, and how it is asked. */
export interface System<Offered extends Partial<Operations> = Operations> {
  readonly name: string;
  readonly url: string;
  readonly operations: Offered;
}

export const seriesPoints = 30;
export const pageRows = 50;
/** How far into its list the deep page lies: the list of 10,000 versions is longer, too. */
export const deepAfter = 1_000;

/** The variables that the system's document takes. */
export function variablesOf<Name extends OperationName>(
  operation: Operation<Name>,
  args: OperationKinds[Name]['args'],
): object {
  return operation.variables ? operation.variables(args) : args;
}

/** Asks once. */
export async function askFor<Name extends OperationName>(
  system: System<Pick<Operations, Name>>,
  name: Name,
  args: OperationKinds[Name]['args'],
): Promise<OperationKinds[Name]['answer']> {
  const operation = system.operations[name] as Operation<Name>;
  return operation.read(await ask(system.url, operation.document, variablesOf(operation, args)));
}

/** Counts by status out of rows of a status and a count. */
export function countsOf(rows: readonly { status: string; count: number }[]): Counts {
  const sorted = [...rows].sort((a, b) => (a.status < b.status ? -1 : 1));
  return Object.fromEntries(sorted.map(({ status, count }) => [status, Number(count)]));
}
