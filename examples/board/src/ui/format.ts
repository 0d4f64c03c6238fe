/** Numbers, sizes and moments for people. */
const whole = new Intl.NumberFormat('en');
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });
const dayAndTime = new Intl.DateTimeFormat('en', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' });

export function count(number: number): string {
  return whole.format(number);
}

/** "1 file", "2 files". */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

export function bytes(size: number): string {
  if (size < 1_000) return `${size} B`;
  const units = ['kB', 'MB', 'GB'];
  const step = Math.min(Math.floor(Math.log10(size) / 3), units.length);
  const value = size / 1_000 ** step;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[step - 1]}`;
}

export function moment(time: string): string {
  return dayAndTime.format(new Date(time));
}

const steps = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 7],
] as const;

/** "5 min ago"; the day once that is longer ago than a week. */
export function sinceThen(time: string, now = Date.now()): string {
  let value = (new Date(time).getTime() - now) / 1_000;
  if (value > -2) return 'just now';
  for (const [unit, size] of steps) {
    if (Math.abs(value) < size) return ago.format(Math.round(value), unit);
    value /= size;
  }
  return day.format(new Date(time));
}
