/** A bar on a terminal; elsewhere a line now and then. */
import { SingleBar } from 'cli-progress';
import { endInterrupted } from './interruption.ts';

const barCharacters = 24;
const linesEveryMs = 1_000;

export interface Progress {
  /** More is done, the last of it this. @param by how many; one without it. */
  advance(name: string, by?: number): void;
  stop(): void;
}

interface Manner {
  /** Where it is shown; standard output without it. */
  readonly stream?: NodeJS.WriteStream;
  /** Whether Ctrl-C is somebody else's to deal with; without it the process ends. */
  readonly isInterruptible?: boolean;
}

/** @param total how often the bar will advance, in units of `noun`; where it is not known, 0. */
export function startProgress(
  title: string,
  total: number,
  noun: string,
  { stream = process.stdout, isInterruptible = false }: Manner = {},
): Progress {
  const terminal = stream.isTTY;
  const picture = terminal ? '{bar} ' : '';
  const bar = new SingleBar({
    stream,
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
    endInterrupted();
  };
  const signals = isInterruptible ? [] : (['SIGINT', 'SIGTERM'] as const);
  for (const signal of signals) process.once(signal, interrupt);
  let done = 0;
  bar.start(total, 0, { name: 'begun' });
  return {
    advance: (name, by = 1) => {
      done += by;
      if (done > total) bar.setTotal(done);
      bar.increment(by, { name });
    },
    stop: () => {
      for (const signal of signals) process.off(signal, interrupt);
      bar.stop();
    },
  };
}
