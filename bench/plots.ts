/** Which plots there are: drawn out of all that was measured, into the guides' pictures. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billionTable } from './billion.ts';
import { writeToGuide } from './guide.ts';
import { drawPlot, type Unit } from './plot.ts';
import { readSizes, type SizeResult, type SystemName } from './size-results.ts';

interface Picture {
  readonly file: string;
  readonly title: string;
  readonly unit: Unit;
  /** A line for each: its name, and whose cost it shows. */
  readonly lines: readonly (readonly [label: string, system: SystemName, cost: string])[];
}

const directory = join(import.meta.dirname, '..', 'docs', 'images');

const names: Readonly<Record<SystemName, string>> = {
  everstate: 'Everstate',
  postgraphile: 'PostGraphile',
  window: 'window query',
};

/** The same cost of all systems. */
function each(file: string, title: string, unit: Unit, cost: string): Picture {
  const systems = Object.keys(names) as SystemName[];
  return { file, title, unit, lines: systems.map((system) => [names[system], system, cost]) };
}

const pictures: readonly Picture[] = [
  each('by-id', 'One todo by id', 'ms', 'byIdMs'),
  each('page-again', 'First 50 of a status, the same again', 'ms', 'pageAgainMs'),
  each('page-touched', 'First 50 of a status, after a write to them', 'ms', 'pageTouchedMs'),
  each('page-of', 'First 50 of a random status and user', 'ms', 'pageOfMs'),
  each('page-deep', '50 of a status, after the first 1,000', 'ms', 'deepPageMs'),
  each('counts-again', 'Counts by status, the same again', 'ms', 'countsAgainMs'),
  each('counts-touched', 'Counts by status, after a write', 'ms', 'countsTouchedMs'),
  each('history', 'History of a random id', 'ms', 'historyMs'),
  each('as-of', 'First 50 as of a random earlier position', 'ms', 'asOfMs'),
  each('series', 'Counts by status at 30 positions', 'ms', 'seriesMs'),
  each('update', 'One update, on disk', 'ms', 'updateMs'),
  each('bulk', 'New todos, 1,000 per mutation', 'rows/s', 'bulkRowsPerSecond'),
  {
    file: 'filling',
    title: 'Filling it with all versions',
    unit: 'rows/s',
    lines: [
      ['Everstate', 'everstate', 'fillRowsPerSecond'],
      ['PostgreSQL', 'postgraphile', 'fillRowsPerSecond'],
    ],
  },
  {
    file: 'memory',
    title: 'Most memory of the server while it reads',
    unit: 'MB',
    lines: [
      ['Everstate', 'everstate', 'peakMb'],
      ['', 'postgraphile', 'peakMb'],
      ['window query', 'window', 'peakMb'],
    ],
  },
  {
    file: 'disk',
    title: 'On disk',
    unit: 'MB',
    lines: [
      ['log', 'everstate', 'logMb'],
      ['PostgreSQL', 'postgraphile', 'diskMb'],
      ['replica', 'everstate', 'replicaMb'],
    ],
  },
  {
    file: 'start',
    title: 'From the start of the process until it serves',
    unit: 'ms',
    lines: [
      ['with replica', 'everstate', 'startMs'],
      ['replica anew', 'everstate', 'startAnewMs'],
    ],
  },
];

/** All pictures as SVG, by the names of their files, out of what was measured. */
export function drawPlots(sizes: readonly SizeResult[]): Map<string, string> {
  const drawn = pictures.map(({ file, title, unit, lines }) => {
    const named = lines.map(([label, system, cost]) => ({
      label,
      points: pointsOf(sizes, system, cost),
    }));
    return [`cost-${file}.svg`, drawPlot({ title, unit, lines: named })] as const;
  });
  return new Map(drawn);
}

/** Puts all pictures, and the guide's table, in the place of those before. @returns how many. */
export function writePlots(): number {
  const sizes = readSizes();
  const plots = drawPlots(sizes);
  mkdirSync(directory, { recursive: true });
  for (const [file, svg] of plots) writeFileSync(join(directory, file), svg);
  const table = billionTable(sizes);
  if (table) writeToGuide('a billion versions', table);
  return plots.size;
}

function pointsOf(
  sizes: readonly SizeResult[],
  system: SystemName,
  cost: string,
): (readonly [number, number])[] {
  return sizes.flatMap(({ versions, systems }) => {
    const value = systems[system]?.costs[cost];
    return value === undefined ? [] : [[versions, value] as const];
  });
}
