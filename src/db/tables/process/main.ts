/**
 * A process that answers questions about tables, one at a time: whatever a file or a query does to it,
 * the server goes on. It has no environment, and ends when its server does.
 */
import { limits } from '../../shared/limits.ts';
import { quotedName } from '../../shared/sql-text.ts';
import {
  type AnswerCounts,
  type Message,
  memoryExitCode,
  type PageQuestion,
  type Question,
  type SelectQuestion,
  type TableFile,
} from '../question.ts';
import { AnswerSender, sendRows } from './answers.ts';
import { convert } from './conversion.ts';
import { failureOf } from './failure.ts';
import { LockedDatabase } from './locked-database.ts';
import { checkSelect } from './select-check.ts';
import { sendDiff } from './table-diff.ts';

const megabyte = 1024 * 1024;

/** How often is looked how much memory this process holds. */
const memoryLookMs = 50;

/** Opened before it is asked for: that takes as long as many a question. */
let next: Promise<LockedDatabase> | null = open();

function open(): Promise<LockedDatabase> {
  return LockedDatabase.open(limits.tableMemoryMaxMb);
}

/** The one that has the tables of the last question: a SELECT leaves nothing in it but what it has read. */
let shown: { readonly tables: string; readonly database: LockedDatabase } | null = null;

async function answer(question: Question): Promise<void> {
  const sender = new AnswerSender({ bytesMax: limits.tableAnswerBytesMax, send });
  try {
    const counts = await ask(question, sender);
    sender.flush();
    send({ type: 'end', counts, residentMb: residentMb() });
  } catch (error) {
    const { kind, message, argument } = failureOf(error, 'process', []);
    // Whatever it has come to is given back.
    if (kind !== 'question') forget();
    send({ type: 'failure', kind, message, argument, residentMb: residentMb() });
  } finally {
    next ??= open();
  }
}

async function ask(question: Question, sender: AnswerSender): Promise<Partial<AnswerCounts>> {
  switch (question.kind) {
    case 'convert':
      await inNew((database) => convert(question, database));
      return {};
    case 'page':
      return await page(question, sender);
    case 'select':
      return await select(question, sender);
    case 'diff':
      return await inNew(async (database) => {
        await database.show([question.from, question.to]);
        return await sendDiff(database.connection, question, sender);
      });
  }
}

async function page(
  { table, first, offset }: PageQuestion,
  sender: AnswerSender,
): Promise<Partial<AnswerCounts>> {
  const { connection } = await showing([table]);
  const from = `from ${quotedName(table.name)}`;
  try {
    await sendRows(connection, `select * ${from} limit ${first} offset ${offset}`, first, sender);
    const counted = await connection.runAndReadAll(`select count(*) ${from}`);
    return { totalRows: Number(counted.getRows()[0]?.[0]) };
  } catch (error) {
    throw failureOf(error, 'table', [table]);
  }
}

async function select(
  { sql, tables, first }: SelectQuestion,
  sender: AnswerSender,
): Promise<Partial<AnswerCounts>> {
  const { connection } = await showing(tables);
  await checkSelect(connection, sql, new Set(tables.map(({ name }) => name.toLowerCase())));
  try {
    return { totalRows: await sendRows(connection, sql, first, sender) };
  } catch (error) {
    throw failureOf(error, 'question', tables, 'sql');
  }
}

/** A database with these tables: the last one, where it has them, and has read of them already. */
async function showing(files: readonly TableFile[]): Promise<LockedDatabase> {
  const tables = JSON.stringify(files.map(({ name, path }) => [name, path]));
  if (shown?.tables === tables) return shown.database;
  forget();
  const database = await take();
  shown = { tables, database };
  await database.show(files);
  return database;
}

function forget(): void {
  shown?.database.close();
  shown = null;
}

/** Works in a database of its own. */
async function inNew<T>(work: (database: LockedDatabase) => Promise<T>): Promise<T> {
  const database = await take();
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

async function take(): Promise<LockedDatabase> {
  const database = await (next ?? open());
  next = null;
  return database;
}

function send(message: Message): void {
  process.send?.(message);
}

function residentMb(): number {
  return process.memoryUsage.rss() / megabyte;
}

setInterval(() => {
  if (residentMb() > limits.tableProcessMemoryMaxMb) process.exit(memoryExitCode);
}, memoryLookMs).unref();

process.on('disconnect', () => process.exit());
process.on('message', (question: Question) => {
  answer(question);
});
next.then(() => send({ type: 'ready' }));
