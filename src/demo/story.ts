/**
 * The story of a file: it is taken in, checked, cleaned and published, a todo for each task. What
 * happens follows from what was measured, so the same file always has the same story.
 */

import { count, list } from '../terminal/index.ts';
import type { Step, Task } from './change.ts';
import type { DataFile } from './data-file.ts';
import { describe, isUnclear, licenceOf } from './description.ts';
import { stagesOf } from './excerpt.ts';
import type { Measurement } from './measurement.ts';
import { Plan, tasks, todoId } from './plan.ts';

export interface Story {
  readonly file: DataFile;
  readonly steps: readonly Step[];
}

/** The revision at which every publish todo rests: then its file's story is complete. */
export const publishRevisionLast = 3;

const bytesPerPriority = 10_000;

/** @param source the package that the file is taken from. */
export function storyOf(file: DataFile, facts: Measurement, source: string): Story {
  const plan = new Plan(file);
  takeIn(plan, facts, source);
  check(plan, facts, source);
  clean(plan, facts);
  publish(plan, facts, source);
  return { file, steps: plan.steps };
}

function takeIn(plan: Plan, facts: Measurement, source: string): void {
  const { path, name, filetype } = plan.file;
  const [first, ...more] = stagesOf(plan.file, facts.table?.rows ?? 0);
  const { status } = first;
  const values = { path, filename: name, filetype, version: 1, status, labels: [filetype] };
  plan.step(
    'check',
    `Take in ${first.what} of ${name} from ${source}`,
    plan.createFile(values, first.contents),
    ...tasks.map((task) => plan.createTodo(task, newTodo(plan.file, task))),
  );
  plan.step('check', `Look at ${name}`, plan.assignTodo('check', 'doing'));
  for (const [index, stage] of more.entries()) {
    const change = plan.changeFile({ version: index + 2, status: stage.status }, stage.contents);
    plan.step('check', `Take in ${stage.what} of ${name}`, change);
  }
}

function newTodo(file: DataFile, task: Task) {
  return {
    subject: `${task.charAt(0).toUpperCase()}${task.slice(1)} ${file.name}`,
    description: `About the file ${file.id}.`,
    // Small files come first: they are soon done.
    priority: Math.ceil(file.size / bytesPerPriority),
    status: 'open',
    labels: labelsOf(file, task),
  };
}

function check(plan: Plan, facts: Measurement, source: string): void {
  const { file } = plan;
  const { name, filetype, format } = file;
  const licence = licenceOf(file);
  const kind = facts.table ? 'table' : format;
  const labels = [...new Set([filetype, kind, ...(licence ? [licence] : [])])];
  const body = `${facts.form}.\n${count(file.size, 'byte')}.\n${findings(facts)}`;
  plan.step(
    'check',
    `Describe ${name} as ${source} does`,
    plan.changeFile({ description: describe(file), labels }),
    plan.changeTodo('check', { body }),
  );
  const gaps = (facts.table?.gaps ?? []).length > 0;
  const sooner = {
    priority: Math.ceil(file.size / bytesPerPriority / 2),
    labels: labelsOf(file, 'clean', 'gaps'),
  };
  plan.step(
    'check',
    gaps ? `Checked ${name}: it has gaps` : `Checked ${name}`,
    plan.changeTodo('check', { status: 'done' }),
    ...(gaps ? [plan.changeTodo('clean', sooner)] : []),
  );
}

/** Nobody knows the missing values: they are noted where readers of the file will see it. */
function clean(plan: Plan, facts: Measurement): void {
  const { file } = plan;
  const { name } = file;
  const body = findings(facts);
  plan.step('clean', `Begin to clean ${name}`, plan.assignTodo('clean', 'doing'));
  if ((facts.table?.gaps ?? []).length > 0) {
    const description = `${describe(file) ?? name}\nGaps: ${body}`;
    const done = plan.changeTodo('clean', { body: 'Noted in the description of the file.' });
    plan.step('clean', `Note the gaps of ${name}`, plan.changeFile({ description }), done);
  }
  const better = betterName(name);
  if (isUndecided(facts)) {
    const change = plan.changeTodo('clean', {
      body: `${body}\nAre they errors, or did the same thing happen twice?`,
      labels: labelsOf(file, 'clean', 'rows twice, decide'),
    });
    plan.step('clean', `Rows of ${name} repeat others`, change);
  } else if (better !== name) {
    const rename = plan.changeFile({ filename: better });
    const done = plan.changeTodo('clean', { status: 'done', body: `${body}\nNow ${better}.` });
    plan.step('clean', `Name ${name} like the others, ${better}`, rename, done);
  } else {
    plan.step('clean', `Cleaned ${name}`, plan.changeTodo('clean', { status: 'done', body }));
  }
}

/** Takes the todo to publishRevisionLast, whatever the outcome. */
function publish(plan: Plan, facts: Measurement, source: string): void {
  const { file } = plan;
  const { name } = file;
  const licence = licenceOf(file);
  const status = isUndecided(facts) ? 'open' : 'doing';
  plan.step('publish', `Prepare to publish ${name}`, plan.assignTodo('publish', status));
  if (facts.heldBy) {
    const body = `All of its ${count(facts.table?.rows ?? 0, 'row')} are in ${facts.heldBy}, too.`;
    const drop = plan.changeTodo('publish', { status: 'dropped', body });
    plan.step('publish', `Drop ${name}: ${facts.heldBy} holds it`, drop, plan.deleteFile());
  } else if (isUndecided(facts)) {
    const body = `Waits for ${todoId(file, 'clean')}.`;
    plan.step('publish', `${name} has to wait`, plan.changeTodo('publish', { body }));
  } else if (licence === null || isUnclear(licence)) {
    const block = plan.changeTodo('publish', {
      status: 'blocked',
      body: licence ? `Licence: ${licence}` : `datapackage.json of ${source} states no licence.`,
      labels: labelsOf(file, 'publish', 'licence unclear, ask'),
    });
    plan.step('publish', `The licence of ${name} is unclear`, block);
  } else {
    const done = plan.changeTodo('publish', { status: 'done', body: `Licence: ${licence}` });
    plan.step('publish', `Publish ${name}`, done, plan.changeFile({ status: 'published' }));
  }
}

function findings({ table }: Measurement): string {
  if (!table) return 'No rows were counted.';
  const gaps = table.gaps.map(({ column, rows }) => `${column} in ${count(rows, 'row')}`);
  const missing = gaps.length > 0 ? `Values are missing: ${list(gaps)}.` : 'No value is missing.';
  const repeated = count(table.repeatedRows, 'row');
  return `${missing} ${table.repeatedRows > 0 ? `Repeated: ${repeated}.` : 'No row is repeated.'}`;
}

function isUndecided({ table }: Measurement): boolean {
  return table !== null && table.repeatedRows > 0;
}

function labelsOf(file: DataFile, task: Task, ...more: string[]): string[] {
  return [task, file.filetype, ...more];
}

/** Most names of the package are small words with hyphens: `londonBoroughs.json` is not. */
function betterName(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replace(/_/g, '-')
    .toLowerCase();
}
