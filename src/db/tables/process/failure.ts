/** Why a question has no answer, in words that its asker can use. */
import type { FailureKind, TableFile } from '../question.ts';

/** Longest message of DuckDB's that is passed on, in UTF-16 code units. */
const messageLengthMax = 1_000;

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly argument: string | null;

  constructor(kind: FailureKind, message: string, argument: string | null = null) {
    super(message);
    this.kind = kind;
    this.argument = argument;
  }
}

/**
 * What DuckDB threw, as a failure.
 * @param kind whose doing it is, unless memory was short.
 * @param files whose paths its messages name: nobody needs to know where they lie.
 */
export function failureOf(
  error: unknown,
  kind: FailureKind,
  files: readonly TableFile[],
  argument: string | null = null,
): Failure {
  if (error instanceof Failure) return error;
  const message = shown(error instanceof Error ? error.message : String(error), files);
  if (/^Out of Memory Error/.test(message)) return new Failure('memory', message);
  if (/No space left on device/.test(message)) return new Failure('storage', message);
  if (/^(INTERNAL|FATAL)/.test(message)) return new Failure('process', message);
  return new Failure(kind, message, argument);
}

/** What DuckDB advises is for whoever calls it, and a statement that is not its asker's is none of theirs. */
const advice = /\n+(Possible (fixes|solution)|The search space|LINE 1: (create|copy)).*/is;

function shown(message: string, files: readonly TableFile[]): string {
  const plain = message.replace(advice, '');
  // The longest first: some begin as others do.
  const all = [...files].sort((a, b) => b.path.length - a.path.length);
  const named = all.reduce((text, { path, name }) => text.replaceAll(path, name), plain);
  return named.length > messageLengthMax ? `${named.slice(0, messageLengthMax)} …` : named;
}
