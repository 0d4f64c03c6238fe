/** Where history comes from: transactions in their order, and the contents that they name. */
import type { PastTransaction } from '../db/index.ts';

/** Contents: bytes, or the file that has them. */
export type SourceContents = Uint8Array | { readonly path: string };

export interface HistorySource {
  /** What it is, for messages. */
  readonly name: string;
  /** How many versions it has. */
  readonly versions: number;
  /** Some transactions at a time. */
  transactions(): AsyncGenerator<readonly PastTransaction[], void>;
  /** The contents under a SHA-256; null where it has none of them. */
  contents(sha256: string): SourceContents | null;
}
