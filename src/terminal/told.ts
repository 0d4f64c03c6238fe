/** What a command tells: lines for people, or one JSON object for programs. */
import { exitCodes } from './exit-codes.ts';
import { Refusal } from './refusal.ts';

/** What came of it: numbers and texts by their names. */
type Outcome = Readonly<Record<string, unknown>>;

export interface Told {
  readonly lines: readonly string[];
  readonly outcome: Outcome;
  /** What to end with; exitCodes.done without it. */
  readonly exitCode?: number;
}

/** What is told where nothing is proven. @param message why. */
export function notProven(message: string): Told {
  return {
    lines: [`Not proven: ${message}`],
    outcome: { isProven: false, message },
    exitCode: exitCodes.unsound,
  };
}

/**
 * Runs a command and tells what came of it, on standard output.
 * @param asJson one JSON object, of an error as well: `{"error": {"code", "message", "issues"}}`.
 * @returns the code to end with, one of exitCodes.
 * @throws what fails without a reason that has a code.
 */
export async function tell(command: () => Promise<Told>, asJson: boolean): Promise<number> {
  try {
    const { lines, outcome, exitCode = exitCodes.done } = await command();
    console.log(asJson ? JSON.stringify(outcome) : lines.join('\n'));
    return exitCode;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (!(error instanceof Error) || typeof code !== 'string') throw error;
    const issues = error instanceof Refusal ? error.issues : [];
    if (asJson) console.log(JSON.stringify({ error: { code, message, issues } }));
    else for (const line of [`everstate: ${oneLine(message)}`, ...issues]) console.error(line);
    return code === 'INTERRUPTED' ? exitCodes.interrupted : exitCodes.failed;
  }
}

function oneLine(message: unknown): string {
  return String(message)
    .trim()
    .replace(/\s*\n\s*/g, ' ');
}
