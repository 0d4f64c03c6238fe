/** The plots of docs/performance.md: what they show is what was measured. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { drawPlot } from '../bench/plot.ts';
import { drawPlots } from '../bench/plots.ts';
import { readSizes } from '../bench/size-results.ts';

const images = 'docs/images';

test('every plot is drawn of the results that are kept, and shown in the guide', () => {
  const plots = drawPlots(readSizes());
  const files = readdirSync(images).filter((name) => name.endsWith('.svg'));
  expect(files.sort()).toEqual([...plots.keys()].sort());
  const guide = readFileSync('docs/performance.md', 'utf8');
  for (const [file, svg] of plots) {
    expect(readFileSync(`${images}/${file}`, 'utf8'), file).toBe(svg);
    expect(guide).toContain(`](images/${file})`);
  }
});

test('a plot describes every value, and names each line that has any beside its end', () => {
  const svg = drawPlot({
    title: 'Waiting & seeing',
    unit: 'ms',
    lines: [
      {
        label: 'ours',
        points: [
          [10_000, 2],
          [1_000_000, 20],
        ],
      },
      { label: 'theirs', points: [[1_000_000, 20.5]] },
      { label: 'nobody’s', points: [] },
    ],
  });
  expect(svg).toContain('<title>Waiting &amp; seeing</title>');
  expect(svg).toContain('<desc>ours: 2 ms at 10 k, 20 ms at 1 M. theirs: 20.5 ms at 1 M.</desc>');
  expect(svg).not.toContain('nobody’s');
  const labels = [...svg.matchAll(/class="label[^>]*x="([\d.]+)"\s+y="([\d.]+)"/g)];
  const [first, second] = labels.map(([, , y]) => Number(y));
  expect(labels).toHaveLength(2);
  expect(Math.abs((first ?? 0) - (second ?? 0))).toBeGreaterThanOrEqual(14);
});

test('the grid has a line for each power of ten, from below the values to above them', () => {
  const svg = drawPlot({
    title: 'Rates',
    unit: 'rows/s',
    lines: [
      {
        label: 'ours',
        points: [
          [10_000, 900],
          [100_000, 20_000],
        ],
      },
    ],
  });
  const shown = [...svg.matchAll(/text-anchor="end">([^<]*)</g)].map(([, text]) => text);
  expect(shown).toEqual(['100/s', '1 k/s', '10 k/s', '100 k/s']);
});
