/** Todos as people write them: text of varying length, a few labels, statuses that move on. */
import type { CreateValues, PatchValues, Todo } from '../src/entities/index.ts';
import { draw, drawIndex, type Random } from './random.ts';

const verbs = ['Call', 'Check', 'Clean up', 'Compare', 'Draft', 'Fix', 'Order', 'Plan', 'Publish'];
const things = ['the invoice', 'the report', 'a backup', 'the budget', 'the roof', 'a new chair'];
const moments = ['before Friday', 'for the board', 'with Ana', 'in Zürich', 'again', 'by noon'];
export const statuses = ['open', 'open', 'open', 'doing', 'waiting', 'done'];
const labels = ['home', 'work', 'urgent', 'garden, roof', 'money', 'someday', 'errand', 'read'];
const sentences = [
  'The numbers of last quarter are still missing, and nobody has asked for them yet.',
  'Ask the supplier whether the second delivery can come a week earlier.',
  'It worked on the old machine; see what has changed since.',
  'Everything that is needed lies in the shared folder.',
  'Write down what was agreed, so that it need not be agreed again.',
  'Überprüfen, ob die Unterlagen vollständig sind – wenn nicht, nachfragen.',
];

const userCount = 100;
const priorityCount = 200;

/** The values of a new todo. */
export function drawTodo(random: Random): CreateValues<typeof Todo> {
  return {
    userId: drawUserId(random),
    subject: drawSubject(random),
    body: random() < 0.6 ? drawText(random, 8) : null,
    priority: drawIndex(random, priorityCount),
    status: 'open',
    description: random() < 0.2 ? drawText(random, 2) : null,
    labels: drawLabels(random),
  };
}

/** A change of one or two fields. */
export function drawPatch(random: Random): PatchValues<typeof Todo> {
  const kind = random();
  if (kind < 0.5) return { status: draw(random, statuses), priority: drawPriority(random) };
  if (kind < 0.7) return { priority: drawPriority(random), labels: drawLabels(random) };
  if (kind < 0.9) return { subject: drawSubject(random), body: drawText(random, 8) };
  return { description: drawText(random, 3), priority: drawPriority(random) };
}

export function drawUserId(random: Random): string {
  return `user-${drawIndex(random, userCount)}`;
}

export function drawPriority(random: Random): number {
  return drawIndex(random, priorityCount);
}

export function drawSubject(random: Random): string {
  const number = drawIndex(random, 10_000);
  return `${draw(random, verbs)} ${draw(random, things)} ${draw(random, moments)} (${number})`;
}

/** Up to `sentencesMax` sentences; few are the most likely. */
function drawText(random: Random, sentencesMax: number): string {
  const count = 1 + Math.floor(random() ** 2 * sentencesMax);
  return Array.from({ length: count }, () => draw(random, sentences)).join(' ');
}

function drawLabels(random: Random): string[] {
  return labels.filter(() => random() < 0.2);
}
