import { WrongSetting } from './config.ts';
import { CannotOpen, Unavailable } from './db/index.ts';
import { CannotServe } from './workers.ts';

/** Why it cannot serve, in one line for whoever started it. @throws what has no such reason. */
export function reasonOf(error: unknown): string {
  const kinds = [CannotOpen, CannotServe, Unavailable, WrongSetting];
  if (!kinds.some((kind) => error instanceof kind)) throw error;
  return (error as Error).message;
}
