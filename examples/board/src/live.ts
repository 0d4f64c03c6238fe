/**
 * The live feeds: every change as it is committed, whoever made it. A lost connection is tried
 * again, and goes on right after the last change that arrived: no gap, no repeat.
 */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { present, socket } from './client.ts';
import {
  type Change,
  changesSubscription,
  positionQuery,
  todoChangesSubscription,
} from './graphql/changes.ts';
import type { TodoFilter } from './graphql/todos.ts';
import { signIn } from './identity/sign-in.ts';

/** How the feed is: `lost` while the connection is down and tried again. */
export type LiveState = 'connecting' | 'live' | 'lost';

const retryMs = { first: 500, most: 10_000 };

/** The feed of this page: that something changed, and whether one would hear of it. */
class LiveFeed {
  #state: LiveState = 'connecting';
  /** Everything up to here has been told; null before the first connection. */
  #position: string | null = null;
  #retry = retryMs.first;
  #timer = 0;
  #unsubscribe = () => {};
  #returns = 0;
  readonly #stateListeners = new Set<() => void>();
  readonly #changeListeners = new Set<(change: Change) => void>();
  readonly #returnListeners = new Set<() => void>();

  /** Begins to follow; returns what ends it. */
  start(): () => void {
    const stops = [
      socket.on('connected', () => {
        const returned = this.#state === 'lost';
        this.#retry = retryMs.first;
        this.#setState('live');
        if (!returned) return;
        this.#returns += 1;
        for (const listener of this.#returnListeners) listener();
      }),
      socket.on('closed', () => this.#lose()),
    ];
    this.#connect();
    return () => {
      for (const stop of stops) stop();
      window.clearTimeout(this.#timer);
      this.#unsubscribe();
    };
  }

  readonly state = (): LiveState => this.#state;

  readonly onState = (listener: () => void): (() => void) => {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  };

  readonly onChange = (listener: (change: Change) => void): (() => void) => {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  };

  /** Calls when a lost connection is back: what was asked meanwhile has had no answer. */
  readonly onReturn = (listener: () => void): (() => void) => {
    this.#returnListeners.add(listener);
    return () => this.#returnListeners.delete(listener);
  };

  readonly returns = (): number => this.#returns;

  async #connect(): Promise<void> {
    await signIn.given();
    const after = this.#position ?? (await positionNow());
    if (after === null) return this.#lose();
    this.#position = after;
    const { unsubscribe } = present
      .subscription(changesSubscription, { after })
      .subscribe(({ data, error }) => {
        if (data) this.#tell(data.changes);
        if (error) this.#lose();
      });
    this.#unsubscribe = unsubscribe;
  }

  #tell(change: Change): void {
    this.#position = change.position;
    for (const listener of this.#changeListeners) listener(change);
  }

  #lose(): void {
    this.#unsubscribe();
    if (this.#state !== 'lost') this.#setState('lost');
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#connect(), this.#retry);
    this.#retry = Math.min(this.#retry * 2, retryMs.most);
  }

  #setState(state: LiveState): void {
    this.#state = state;
    for (const listener of this.#stateListeners) listener();
  }
}

async function positionNow(): Promise<string | null> {
  const policy = { requestPolicy: 'network-only' } as const;
  const { data } = await present.query(positionQuery, {}, policy).toPromise();
  return data?.log.position ?? null;
}

export const liveFeed = new LiveFeed();

export function useLiveState(): LiveState {
  return useSyncExternalStore(liveFeed.onState, liveFeed.state);
}

/** How often a lost connection came back: what failed meanwhile can be asked again. */
export function useReturns(): number {
  return useSyncExternalStore(liveFeed.onReturn, liveFeed.returns);
}

/** How often a busy feed makes the same question be asked again. */
const askAgainMs = 250;

/**
 * Calls after changes: at once after the first, then at most every quarter of a second. And when a
 * lost connection is back.
 */
export function useAfterChanges(call: () => void, when: (change: Change) => boolean): void {
  useEffect(() => {
    let timer = 0;
    let last = 0;
    const stop = liveFeed.onChange((change) => {
      if (timer || !when(change)) return;
      timer = window.setTimeout(
        () => {
          [timer, last] = [0, Date.now()];
          call();
        },
        Math.max(0, last + askAgainMs - Date.now()),
      );
    });
    const stopReturns = liveFeed.onReturn(call);
    return () => {
      stop();
      stopReturns();
      window.clearTimeout(timer);
    };
  }, [call, when]);
}

/**
 * Keeps a list of todos true, from the position at which it was answered. What enters, changes or
 * leaves is written into the cache (cache.ts), from where the list is shown.
 * @param answeredAt the position of an answer; null for one that is not of this list, or of no use.
 */
export function useLiveTodos(filter: TodoFilter, answeredAt: string | null, on: boolean): void {
  const isLive = useLiveState() === 'live';
  const [begun, setBegun] = useState<{ filter: TodoFilter; position: string } | null>(null);
  if (answeredAt !== null && begun?.filter !== filter) setBegun({ filter, position: answeredAt });
  const last = useRef<string | null>(null);
  useEffect(() => {
    last.current = begun?.position ?? null;
  }, [begun]);
  useEffect(() => {
    if (!on || !isLive || last.current === null || begun?.filter !== filter) return;
    const variables = { filter, after: last.current };
    const { unsubscribe } = present
      .subscription(todoChangesSubscription, variables)
      .subscribe(({ data }) => {
        if (data) last.current = data.todoChanges.position;
      });
    return unsubscribe;
  }, [filter, begun, isLive, on]);
}
