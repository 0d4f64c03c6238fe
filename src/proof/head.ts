/** Heads as they are written on the command line. */
import type { KnownHead } from '../db/index.ts';
import { Refused } from './refused.ts';

const headPattern = /^(?:(\d{1,16}):)?([0-9a-f]{64})$/i;

/** @throws Refused when it is no head. */
export function headGiven(given: string): KnownHead {
  const [, position, digest] = headPattern.exec(given) ?? [];
  if (digest === undefined) {
    throw new Refused(
      'BAD_ARGUMENT',
      '--head must be <position>:<digest> or <digest>, with a digest of 64 hexadecimal digits, but ' +
        `was ${JSON.stringify(given)}.`,
    );
  }
  return {
    position: position === undefined ? null : Number(position),
    digest: digest.toLowerCase(),
  };
}

/** As headGiven reads it. */
export function headText({ position, digest }: { position: number; digest: string }): string {
  return `${position}:${digest}`;
}
