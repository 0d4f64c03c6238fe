/** A store whose changes of state a test expects. */
import { onTestFinished } from 'vitest';
import { openStore, type StateChange, type Store, type StoreOptions } from '../../src/db/index.ts';
import { type Entity, shippedEntities } from '../../src/entities/index.ts';

export interface WatchedStore {
  readonly store: Store;
  /** As they were told, oldest first. */
  readonly changes: StateChange[];
  readonly faults: unknown[];
}

export async function openWatched(
  directory: string,
  options: Partial<StoreOptions<readonly Entity[]>> = {},
): Promise<WatchedStore> {
  const changes: StateChange[] = [];
  const faults: unknown[] = [];
  const store = await openStore({
    directory,
    entities: shippedEntities,
    onStateChange: (change) => changes.push(change),
    onFault: (error) => faults.push(error),
    ...options,
  });
  onTestFinished(() => store.close());
  return { store, changes, faults };
}

/** `part: state` of each change. */
export function statesOf(changes: readonly StateChange[]): string[] {
  return changes.map(({ part, state }) => `${part}: ${state}`);
}
