/** docs/performance.md: the parts of it that benchmarks write, each between two comments. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const path = join(import.meta.dirname, '..', 'docs', 'performance.md');

/** Puts Markdown in the place of what stands there. @param part the name in both comments. */
export function writeToGuide(part: string, markdown: string): void {
  const [begin, end] = [`<!-- ${part}, written by a benchmark -->`, `<!-- end of ${part} -->`];
  const text = readFileSync(path, 'utf8');
  const [before, rest] = split(text, begin);
  const [, after] = split(rest, end);
  writeFileSync(path, `${before}${begin}\n\n${markdown}\n\n${end}${after}`);
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  if (index < 0) throw new Error(`${path} was expected to have the line ${at}. Put it back.`);
  return [text.slice(0, index), text.slice(index + at.length)];
}
