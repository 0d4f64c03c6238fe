/** What was measured, and how it is shown: as lines while it runs, as Markdown at the end. */
import { cpus } from 'node:os';

export interface Figure {
  /** The benchmark that it belongs to. */
  readonly benchmark: string;
  readonly what: string;
  /** With its unit. */
  readonly everstate: string;
  /** The baseline's, measured in the same run; null where there is none. */
  readonly baseline: string | null;
  /** How many times better than the baseline; null where there is none. */
  readonly ratio: number | null;
  /** Such as `≥ 2`; null where there is none. */
  readonly aim: string | null;
}

/** A figure without a baseline, for orientation. */
export function orientation(benchmark: string, what: string, everstate: string): Figure {
  return { benchmark, what, everstate, baseline: null, ratio: null, aim: null };
}

/** A figure that says how many times one thing of Everstate is another, and what it may be. */
export function proportion(benchmark: string, what: string, ratio: number, aim: string): Figure {
  return { benchmark, what, everstate: withUnit(ratio, 'times'), baseline: null, ratio: null, aim };
}

/** Values of Everstate and its baseline, taken in turn. */
export interface Pair {
  readonly everstate: number;
  readonly baseline: number;
}

/**
 * A figure against its baseline: medians, and the median of the ratios of the rounds.
 * @param better whether `more` (per second) or `less` (time) of the unit is better.
 */
export function comparison(
  about: { benchmark: string; what: string; unit: string; better: 'more' | 'less'; aim?: number },
  pairs: readonly Pair[],
): Figure {
  const ratioOf = ({ everstate, baseline }: Pair) =>
    about.better === 'more' ? everstate / baseline : baseline / everstate;
  return {
    benchmark: about.benchmark,
    what: about.what,
    everstate: withUnit(median(pairs.map((pair) => pair.everstate)), about.unit),
    baseline: withUnit(median(pairs.map((pair) => pair.baseline)), about.unit),
    ratio: median(pairs.map(ratioOf)),
    aim: about.aim === undefined ? null : `≥ ${about.aim}`,
  };
}

/** A number with as many digits as it deserves, and its unit. */
export function withUnit(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const text = value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${text} ${unit}`;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which that share of the values lies. @param share from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** One line about a figure. */
export function lineOf(figure: Figure): string {
  const against = figure.baseline === null ? '' : ` against ${figure.baseline}`;
  const ratio = figure.ratio === null ? '' : `: ${shownRatio(figure.ratio)}`;
  const aim = figure.aim === null ? '' : ` (aim ${figure.aim})`;
  return `${figure.benchmark}: ${figure.what}: ${figure.everstate}${against}${ratio}${aim}`;
}

/** The machine, in words that identify nobody's. */
export function describeMachine(): string {
  const system = process.platform === 'linux' ? 'Linux' : process.platform;
  return `${cpus().length} cores, Node ${process.versions.node.split('.')[0]}, ${system}`;
}

/** All figures as one Markdown table. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ benchmark, what, everstate, baseline, ratio, aim }) => {
    const cells = [
      benchmark,
      what,
      everstate,
      baseline ?? '',
      ratio === null ? '' : shownRatio(ratio),
      aim ?? '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| benchmark | what | Everstate | baseline | ratio | aim |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** A ratio with as many digits as it deserves. */
export function shownRatio(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2);
}
