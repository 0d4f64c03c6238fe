/** Several changes of several kinds of records, and undoing a transaction: all or none. */
import type { Transaction, Version } from '../entities/index.ts';
import { transactionIdOf } from './as-of.ts';
import type { Change, WriteInput } from './change-records.ts';
import { inEach, refuseCount } from './in-each.ts';
import type { Operation } from './operation.ts';
import { isRefused, type Refused, type WriteOptions, type WriteResult, write } from './write.ts';

/** Versions of any kinds of records, as the write left them. */
export interface VersionsPayload {
  readonly versions: readonly Version[];
  readonly changed: boolean;
  /** Null when nothing had to be written, and in a dry run. */
  readonly transaction: Transaction | null;
}

/** One change of `transact`: the name of the change that is asked for, and its input. */
export type OperationInput = Readonly<Record<string, WriteInput | undefined>>;

export interface TransactArgs {
  readonly operations: readonly OperationInput[];
  readonly options?: WriteOptions | null | undefined;
}

/** Makes several changes of several kinds of records. @param changes what each name stands for. */
export async function transact(
  changes: ReadonlyMap<string, Change>,
  args: TransactArgs,
  operation: Operation,
): Promise<VersionsPayload | Refused> {
  const asked = args.operations.map(askedOf);
  const written = await write(
    operation,
    { mutation: 'transact', args },
    async (log, onConflict) => {
      refuseCount('operations', asked.length);
      return await inEach(
        asked,
        (index, { name }) => [String(index), name],
        async ({ name, input }) => {
          const change = changes.get(name);
          if (!change) throw new TypeError(`transact knows no change named ${name}.`);
          return await change(log, input, onConflict);
        },
      );
    },
  );
  return isRefused(written) ? written : versionsOf(written);
}

export interface RevertArgs {
  readonly id: string;
  readonly options?: WriteOptions | null | undefined;
}

/** Undoes a transaction. @throws BadRequest when the id cannot be a transaction's. */
export async function revertTransaction(
  args: RevertArgs,
  operation: Operation,
): Promise<VersionsPayload | Refused> {
  const id = transactionIdOf('id', args.id);
  const request = { mutation: 'revertTransaction', args };
  const written = await write(operation, request, (log) => log.revert(id));
  return isRefused(written) ? written : versionsOf(written);
}

function versionsOf({ results, changed, transaction }: WriteResult): VersionsPayload {
  return { versions: results.map(({ version }) => version), changed, transaction };
}

/** GraphQL sees to it that exactly one is given. */
function askedOf(operation: OperationInput): { name: string; input: WriteInput } {
  const [name = '', input = {}] = Object.entries(operation)[0] ?? [];
  return { name, input };
}
