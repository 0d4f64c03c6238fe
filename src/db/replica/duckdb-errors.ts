/**
 * What DuckDB's errors are about. Its client gives them as texts that begin with their type; a
 * query that is wrong, too slow or too large must not cost the replica.
 */

/**
 * The types that tell of the database, and why:
 * - FATAL: the database is invalid from now on ("has been invalidated because of a previous fatal
 *   error"), such as after a failed fsync;
 * - IO: its file cannot be read or written, or a block's checksum is wrong;
 * - Serialization: what lies in the file cannot be understood;
 * - TransactionContext with "Failed to commit": a change could not be written.
 * An INTERNAL error is a failed assertion, which may be the query's: when it has invalidated the
 * database, the next statement says FATAL.
 */
const aboutDatabase =
  /^(?:(?:FATAL|IO|Serialization) Error: |TransactionContext Error: Failed to commit)/;

/** Whether DuckDB says that the database, rather than the statement, is in trouble. */
export function isAboutDatabase(error: unknown): boolean {
  return error instanceof Error && aboutDatabase.test(error.message);
}

/** Whether a statement needed more memory than DuckDB may use. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Out of Memory Error: ');
}

/** Whether DuckDB would not take in what lies beside its file, since something else was written. */
export function isCheckpointRefused(error: unknown): boolean {
  const refusal = 'TransactionContext Error: Cannot CHECKPOINT: ';
  return error instanceof Error && error.message.startsWith(refusal);
}

/**
 * Writes rows in order, or in any where memory does not suffice to sort them.
 * @returns whether they were written in order.
 */
export async function inOrderIfPossible(
  write: (inOrder: boolean) => Promise<unknown>,
): Promise<boolean> {
  try {
    await write(true);
    return true;
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    await write(false);
    return false;
  }
}
