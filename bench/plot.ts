/** A plot of cost against size as SVG: both axes logarithmic, each line named at its end. */

export interface Line {
  readonly label: string;
  /** From the smallest to the largest. */
  readonly points: readonly (readonly [size: number, value: number])[];
}

export interface Plot {
  readonly title: string;
  /** What the values are: `ms`, `rows/s` or `MB`. */
  readonly unit: Unit;
  readonly lines: readonly Line[];
}

export type Unit = 'ms' | 'rows/s' | 'MB';

const [width, height] = [370, 250];
const frame = { left: 54, right: 100, top: 40, bottom: 42 };
const labelHeight = 14;
const sizeUnit = 'versions in the log';

/** Readable on both grounds: contrast of 4.5 and more with them. */
const style = `
  svg { --ground: #fff; --text: #1a2030; --muted: #565f72; --grid: #e1e5ee;
    --line0: #3f51d9; --line1: #b3430a; --line2: #1e7a46; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #1a1d24; --text: #e6e9f0; --muted: #a3abbb; --grid: #2c313d;
      --line0: #93a0ff; --line1: #f2a36b; --line2: #7ed0a0; }
  }
  text { font: 11px ui-sans-serif, system-ui, sans-serif; fill: var(--muted); }
  .title { font-size: 13px; font-weight: 600; fill: var(--text); }
  .label { font-weight: 600; }
  .ground { fill: var(--ground); }
  .grid { stroke: var(--grid); }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  ${[0, 1, 2]
    .map((index) => `.l${index} { stroke: var(--line${index}); }`)
    .concat([0, 1, 2].map((index) => `.f${index} { fill: var(--line${index}); }`))
    .join('\n  ')}
`;

/** The SVG's text. Lines without points are left out. */
export function drawPlot({ title, unit, lines }: Plot): string {
  const drawn = lines.map((line, index) => ({ ...line, index })).filter(hasPoints);
  const points = drawn.flatMap((line) => line.points);
  const xs = decades(points.map(([size]) => size));
  const ys = decades(points.map(([, value]) => value));
  const x = scale(xs, frame.left, width - frame.right);
  const y = scale(ys, height - frame.bottom, frame.top);
  const parts = [
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="title" x="12" y="20">${escaped(title)}</text>`,
    ...xs.map((size) => vertical(x(size), shownSize(size))),
    ...ys.map((value) => horizontal(y(value), shownValue(value, unit))),
    `<text x="${(frame.left + width - frame.right) / 2}" y="${height - 8}"
      text-anchor="middle">${sizeUnit}</text>`,
    ...drawn.map(({ index, points, label }) => {
      const path = points.map(([size, value]) => `${x(size).toFixed(1)},${y(value).toFixed(1)}`);
      const dots = points.map(
        ([size, value]) => `<circle class="f${index}" cx="${x(size).toFixed(1)}"
          cy="${y(value).toFixed(1)}" r="3"><title>${escaped(
            `${label}, ${shownSize(size)}: ${shownExactly(value, unit)}`,
          )}</title></circle>`,
      );
      return `<polyline class="line l${index}" points="${path.join(' ')}"/>\n${dots.join('\n')}`;
    }),
    ...labels(drawn, x, y),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}"
  height="${height}" role="img">
<title>${escaped(title)}</title>
<desc>${escaped(described(drawn, unit))}</desc>
<style>${style}</style>
${parts.join('\n')}
</svg>
`;
}

/** All that the plot shows, in words: for readers of the source, and for those who see nothing. */
export function described(lines: readonly Line[], unit: Unit): string {
  const texts = lines.filter(hasPoints).map(({ label, points }) => {
    const values = points.map(
      ([size, value]) => `${shownExactly(value, unit)} at ${shownSize(size)}`,
    );
    return `${label}: ${values.join(', ')}.`;
  });
  return texts.join(' ');
}

type Drawn = Line & { readonly index: number };
type Scale = (value: number) => number;

function hasPoints({ points }: Line): boolean {
  return points.length > 0;
}

/** The powers of ten from below the smallest to above the largest: two at least. */
function decades(values: readonly number[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const to = Math.max(Math.ceil(Math.log10(Math.max(...values)) - 1e-9), from + 1);
  return Array.from({ length: to - from + 1 }, (_, step) => 10 ** (from + step));
}

function scale(steps: readonly number[], begin: number, end: number): Scale {
  const [from, to] = [Math.log10(steps[0] ?? 1), Math.log10(steps.at(-1) ?? 10)];
  return (value) => begin + ((Math.log10(value) - from) / (to - from)) * (end - begin);
}

function vertical(at: number, text: string): string {
  const bottom = height - frame.bottom;
  return `<line class="grid" x1="${at}" x2="${at}" y1="${frame.top}" y2="${bottom}"/>
<text x="${at}" y="${bottom + 16}" text-anchor="middle">${text}</text>`;
}

function horizontal(at: number, text: string): string {
  return `<line class="grid" x1="${frame.left}" x2="${width - frame.right}" y1="${at}" y2="${at}"/>
<text x="${frame.left - 6}" y="${at + 4}" text-anchor="end">${text}</text>`;
}

/** Each at the end of its line, moved apart where they would touch. */
function labels(lines: readonly Drawn[], x: Scale, y: Scale): string[] {
  const placed = lines
    .map(({ label, index, points }) => {
      const [size, value] = points.at(-1) as readonly [number, number];
      return { label, index, left: x(size) + 8, top: y(value) };
    })
    .sort((a, b) => a.top - b.top);
  let free = frame.top - labelHeight;
  for (const each of placed) {
    each.top = Math.max(each.top, free + labelHeight);
    free = each.top;
  }
  const over = Math.max(0, free - (height - frame.bottom));
  return placed.map(
    ({ label, index, left, top }) =>
      `<text class="label f${index}" style="fill: var(--line${index})" x="${left.toFixed(1)}"
  y="${(top - over + 4).toFixed(1)}">${escaped(label)}</text>`,
  );
}

function shownSize(size: number): string {
  return size >= 1e6 ? `${size / 1e6} M` : size >= 1e3 ? `${size / 1e3} k` : String(size);
}

function shownValue(value: number, unit: Unit): string {
  if (unit === 'ms') return value >= 1_000 ? `${value / 1_000} s` : `${rounded(value)} ms`;
  if (unit === 'MB') return value >= 1_000 ? `${value / 1_000} GB` : `${rounded(value)} MB`;
  return `${shownSize(value)}/s`;
}

/** Three digits are more than a measurement deserves. */
function shownExactly(value: number, unit: Unit): string {
  const exact = Number(value.toPrecision(3));
  return unit === 'rows/s' ? `${exact.toLocaleString('en')} rows/s` : shownValue(exact, unit);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
