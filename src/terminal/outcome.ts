/** What a command tells: lines for people, or one JSON object for programs. */
import { interruptedCode } from './interruption.ts';
import { Refusal } from './refusal.ts';

/** What came of it: numbers and texts by their names. */
type Outcome = Readonly<Record<string, unknown>>;

export interface Told {
  readonly lines: readonly string[];
  readonly outcome: Outcome;
}

/**
 * Runs a command and tells what came of it, on standard output.
 * @param asJson one JSON object, of an error as well: `{"error": {"code", "message", "issues"}}`.
 * @returns the code to end with: 0, or 1 where it was refused or failed with a reason, 130 where it
 *   was interrupted.
 * @throws what has no such reason.
 */
export async function tell(command: () => Promise<Told>, asJson: boolean): Promise<number> {
  try {
    const { lines, outcome } = await command();
    console.log(asJson ? JSON.stringify(outcome) : lines.join('\n'));
    return 0;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (!(error instanceof Error) || typeof code !== 'string') throw error;
    const issues = error instanceof Refusal ? error.issues : [];
    if (asJson) console.log(JSON.stringify({ error: { code, message, issues } }));
    else for (const line of [`everstate: ${message}`, ...issues]) console.error(line);
    return code === 'INTERRUPTED' ? interruptedCode : 1;
  }
}
