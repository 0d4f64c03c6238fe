/** A line of the log as people read it: when, how bad, what, and what there is to it. */

const levels: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

interface Line {
  readonly level: number;
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly pid: number;
  readonly hostname: string;
  readonly msg?: string;
  readonly err?: { readonly stack?: string };
}

/**
 * @param json the line as pino writes it.
 * @returns it with its end; the stack of an error stands below it.
 */
export function textLine(json: string): string {
  const { level, time, pid, hostname: _, msg = '', err, ...details } = JSON.parse(json) as Line;
  const told = Object.entries(details).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  const head = `${new Date(time).toISOString()} ${levels[level] ?? level} [${pid}] ${msg.replaceAll('\n', '\\n')}`;
  const stack = err?.stack ? `\n    ${err.stack.replaceAll('\n', '\n    ')}` : '';
  return `${head}${told.join('')}${stack}\n`;
}
