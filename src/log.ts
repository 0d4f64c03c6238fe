/** The log of the server: one line for each thing said, on standard error. */
import pino, { type Logger } from 'pino';
import type { Config } from './config.ts';
import { textLine } from './text-line.ts';

export function makeLog({
  logLevel: level,
  logFormat,
}: Pick<Config, 'logLevel' | 'logFormat'>): Logger {
  const standardError = pino.destination(2);
  if (logFormat === 'json') return pino({ level }, standardError);
  return pino({ level }, { write: (line: string) => standardError.write(textLine(line)) });
}
