/** What somebody at a terminal has to say before it is done. */
import { createInterface } from 'node:readline/promises';
import { Refusal } from './refusal.ts';

/** Who is asked, and where. */
export interface Asked {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks for a word to be typed.
 * @param question what will be done, as a sentence.
 * @returns whether the word came.
 * @throws Refusal when nobody can be asked, since there is no terminal, and when Ctrl-C comes instead.
 */
export async function confirm(
  question: string,
  word: string,
  { input, output }: Asked = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (!input.isTTY) {
    const message = `${question} There is no terminal to ask on: say --yes if that is what you want.`;
    throw new Refusal('CONFIRMATION_NEEDED', message);
  }
  const asking = createInterface({ input, output, terminal: true });
  const stop = new AbortController();
  // Ctrl-C, or an end of what is typed: either is no answer.
  asking.once('SIGINT', () => stop.abort()).once('close', () => stop.abort());
  try {
    const answer = await asking.question(`${question} Type “${word}” to go on: `, {
      signal: stop.signal,
    });
    return answer.trim() === word;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    output.write('\n');
    throw new Refusal('INTERRUPTED', 'Interrupted: nothing was changed.');
  } finally {
    asking.close();
  }
}
