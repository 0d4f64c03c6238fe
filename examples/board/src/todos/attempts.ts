/**
 * Writes whose answer is not known yet, each with its idempotency key. The same write again gets the
 * same key, so that the server does it once, whether or not it had heard of the first.
 */
import { v7 } from 'uuid';

const keys = new Map<string, string>();

export interface Attempt {
  readonly key: string;
  /** The answer is known: the same write again would be another one. */
  readonly settle: () => void;
}

/** @param write all that makes it this write: what is done to which revision, and with what. */
export function attemptOf(write: unknown): Attempt {
  const name = JSON.stringify(write);
  const key = keys.get(name) ?? newId();
  keys.set(name, key);
  return { key, settle: () => keys.delete(name) };
}

/** A new id that sorts by time. Unlike `crypto.randomUUID` it can be had on plain http, too. */
export function newId(): string {
  return v7();
}
