/** A bar on a terminal; elsewhere a line now and then. */
import { SingleBar } from 'cli-progress';

const barCharacters = 24;
const linesEveryMs = 1_000;
/** What a shell reports of a program that Ctrl-C ended. */
const interruptedCode = 130;

export interface Progress {
  /** One more is done, of this file. */
  advance(name: string): void;
  stop(): void;
}

/** @param total how often the bar will advance, in units of `noun`. */
export function startProgress(title: string, total: number, noun: string): Progress {
  const terminal = process.stdout.isTTY;
  const picture = terminal ? '{bar} ' : '';
  const bar = new SingleBar({
    stream: process.stdout,
    format: `${title} ${picture}{percentage} % · {value} of {total} ${noun} · {name}`,
    barsize: barCharacters,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    noTTYOutput: !terminal,
    notTTYSchedule: linesEveryMs,
  });
  // While the bar runs the terminal does not wrap lines: it has to be told that it may again.
  const interrupt = () => {
    bar.stop();
    process.exit(interruptedCode);
  };
  process.once('SIGINT', interrupt);
  bar.start(total, 0, { name: 'begun' });
  return {
    advance: (name) => bar.increment({ name }),
    stop: () => {
      process.off('SIGINT', interrupt);
      bar.stop();
    },
  };
}
