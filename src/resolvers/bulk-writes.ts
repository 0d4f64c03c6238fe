/** Writing many records of one kind in one transaction: all or none. */
import { InvalidInput } from '../db/index.ts';
import { type Entity, recordsName, type Transaction } from '../entities/index.ts';
import {
  type Change,
  creating,
  creatingMany,
  type ManyChanges,
  updating,
  type WriteInput,
  type WriteSteps,
} from './change-records.ts';
import { inEach, refuseCount } from './in-each.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';
import { isRefused, type Refused, type WriteOptions, type WriteRequest, write } from './write.ts';

/** The records as the write left them, in the order of its inputs. */
export interface BulkPayload {
  readonly records: readonly RecordAt[];
  readonly changed: boolean;
  /** Null when nothing had to be written, and in a dry run. */
  readonly transaction: Transaction | null;
}

export interface BulkArgs {
  readonly inputs: readonly WriteInput[];
  readonly options?: WriteOptions | null | undefined;
}

export async function createRecords(
  entity: Entity,
  steps: WriteSteps,
  args: BulkArgs,
  operation: Operation,
): Promise<BulkPayload | Refused> {
  const request = { mutation: bulkName('create', entity), args };
  const many = creatingMany(entity, steps);
  return await writeBulk(operation, request, args.inputs, creating(entity, steps), many);
}

export async function updateRecords(
  entity: Entity,
  steps: WriteSteps,
  args: BulkArgs,
  operation: Operation,
): Promise<BulkPayload | Refused> {
  const request = { mutation: bulkName('update', entity), args };
  return await writeBulk(operation, request, args.inputs, updating(entity, steps), null);
}

async function writeBulk(
  operation: Operation,
  request: WriteRequest,
  inputs: readonly WriteInput[],
  change: Change,
  many: ManyChanges | null,
): Promise<BulkPayload | Refused> {
  const written = await write(operation, request, async (log, onConflict) => {
    refuseCount('inputs', inputs.length);
    refuseTwice(inputs);
    return await inEach(
      inputs,
      (index) => [String(index)],
      (input) => change(log, input, onConflict),
      many && ((some) => many(log, some)),
    );
  });
  if (isRefused(written)) return written;
  const { results, at, changed, transaction } = written;
  return { records: results.map(({ version }) => ({ version, at })), changed, transaction };
}

function refuseTwice(inputs: readonly WriteInput[]): void {
  const first = new Map<unknown, number>();
  for (const [index, { id }] of inputs.entries()) {
    if (id == null) continue;
    const known = first.get(id);
    if (known !== undefined) {
      const message = `must each have an id of its own, but ${known} and ${index} both have ${JSON.stringify(id)}.`;
      throw new InvalidInput([{ path: ['inputs'], message }]);
    }
    first.set(id, index);
  }
}

/** The name of a mutation of many records: `createTodos`. */
export function bulkName(verb: 'create' | 'update', entity: Entity): string {
  return `${verb}${recordsName(entity)}`;
}
