/** Failures that are the replica's own. */

/** The replica could not keep up with the log, by its own fault: it has to be given up. */
export class ReplicaBroken extends Error {}

/**
 * Runs the replica's own statements: nobody's query is at fault when they fail.
 * @throws ReplicaBroken, caused by what the work throws.
 */
export async function ownWork<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ReplicaBroken(`The replica failed: ${reason}`, { cause: error });
  }
}
