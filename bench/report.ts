/** bench/RESULTS.md: a section per size of the log that was measured on. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeToGuide } from './guide.ts';
import { describeMachine, type Figure, shownRatio, tableOf } from './results.ts';

const introduction = `# Benchmarks

A ratio says how many times better Everstate is than its baseline. Both are measured in turn in the
same run, and the ratio is the median of the rounds: read ratios, not absolute numbers.

- **by-id** and **create**: each server in a process of its own; the load comes from a third, made
  by autocannon. The baseline is a bare GraphQL Yoga: reads from a Map, or one commit on disk per
  mutation.
- **by-id**, any of all: drawn from all todos, so that nearly each is read from DuckDB; popular ones:
  the same few again and again, which a server that keeps what it read lately need not read.
- **first-page**: \`store.list\` against dkdc-state's query, \`row_number() over (partition by id
  order by position desc) = 1\`, in a second DuckDB instance on the same log. The row with unmerged
  versions is set against the same baseline figures, not taken in turn.
- **lists**: the same two, each query of its own; the window query ranks what was written up to the
  moment, then filters.
- **groups**: the same two; over time the window query runs once for each day, measured at each
  tenth and multiplied by ten.
- **live**: subscribers in a third process; the baseline commits each mutation, too, and publishes
  from memory to whoever is there.
- **writes**, **bulk**: what a row costs besides SQLite and its digests, in the store and over HTTP.
  The baseline writes the same rows to the log's own tables, triggers included, by prepared
  statements; over HTTP behind a bare Yoga.
- **catch-up**: beside the building of a replica stand the two things that it cannot do without.
- **mixed**, **starving**: many connections at once; a timer within the server's process tells how
  late it ever was, which is the longest that its event loop stood still.
- **size**: what a server takes in memory and on disk; after many mutations at random, against a
  replica that is made anew.
- **transfer**: the commands as they are run, without the start of their process; copying is Node's
  \`cpSync\`, which waits for no disk.
- **lake**: the client is node:http, which takes next to nothing. By fetch, which takes a second to send 128 MiB,
  both servers wait for the client, and the ratios of uploads are 0.1 to 0.2 better than they are.
- **proof**: the first head that a server is asked for reads the digests of all versions; a proof is of a
  version at random, against the last head.
- **side-by-side**: PostGraphile on PostgreSQL as the baseline, only when it is asked for with
  \`--only side-by-side\`; \`docs/performance.md\` says what it is and how both are set up.
- Without a baseline: for orientation only.

Each benchmark stands as it was measured last at that size, and those of one section perhaps on
different days.

To repeat: \`npm run bench -- --write\`, and for the larger log \`npm run bench -- --write --versions
10000000 --only first-page --only lists --only groups\`. The data is built once, through the store, and
kept in the system's temporary directory (\`--directory\` names another); \`npm run bench -- --help\`
lists the options.
`;

const path = join(import.meta.dirname, 'RESULTS.md');

/**
 * Writes the figures into the section of their size, and leaves other benchmarks as they are. Some of
 * them stand in docs/performance.md, too: those that were measured last, whatever the size.
 */
export function writeReport(figures: readonly Figure[], versions: number): void {
  const todos = (versions / 4).toLocaleString('en');
  const title = `${versions.toLocaleString('en')} versions of ${todos} todos`;
  const sections = readSections();
  const measured = new Set(figures.map(({ benchmark }) => benchmark));
  const table = [tableOf(figures), ...rowsOfOthers(sections.get(title) ?? '', measured)].join('\n');
  sections.set(title, `${title}\n\nMeasured on: ${describeMachine()}.\n\n${table}`);
  const parts = [introduction, ...sections.values()].map((part) => part.trim());
  writeFileSync(path, `${parts.join('\n\n## ')}\n`);
  for (const { part, benchmarks, table } of guideParts) {
    const own = figures.filter(({ benchmark }) => benchmarks.includes(benchmark));
    if (own.length > 0) writeToGuide(part, `${title}, ${describeMachine()}:\n\n${table(own)}`);
  }
}

/** What stands in the guide, too, and of which benchmarks. */
const guideParts = [
  { part: 'side-by-side', benchmarks: ['side-by-side'], table: besideTable },
  { part: 'mixed load', benchmarks: ['mixed', 'starving'], table: aimTable },
  { part: 'memory and size', benchmarks: ['size'], table: aimTable },
];

function besideTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, everstate, baseline, ratio }) => {
    const times = ratio === null ? '' : shownRatio(ratio);
    return `| ${what} | ${everstate} | ${baseline ?? ''} | ${times} |`;
  });
  const head = '| what | Everstate | PostGraphile | times better |\n| --- | --- | --- | --- |';
  return [head, ...rows].join('\n');
}

function aimTable(figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ what, everstate, aim }) => `| ${what} | ${everstate} | ${aim ?? ''} |`,
  );
  return ['| what | | aim |\n| --- | --- | --- |', ...rows].join('\n');
}

/** The rows of a section's table that are of other benchmarks. */
function rowsOfOthers(section: string, measured: ReadonlySet<string>): string[] {
  const rows = section.split('\n').filter((line) => /^\| (?!benchmark |---)/.test(line));
  return rows.filter((row) => !measured.has(row.split(' | ')[0]?.slice('| '.length) ?? ''));
}

/** The sections by their titles; what stands before the first is not among them. */
function readSections(): Map<string, string> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const sections = text.split(/^## /m).slice(1);
  return new Map(sections.map((section) => [section.split('\n')[0] as string, section]));
}
