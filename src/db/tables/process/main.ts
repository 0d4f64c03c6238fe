/**
 * A process that answers questions about tables, one at a time: whatever a file or a query does to it,
 * the server goes on. It has no environment, and ends when its server does.
 */
import { limits } from '../../shared/limits.ts';
import { type AnswerCounts, type Message, memoryExitCode, type Question } from '../question.ts';
import { AnswerSender, sendRows } from './answers.ts';
import { convert } from './conversion.ts';
import { failureOf } from './failure.ts';
import { LockedDatabase } from './locked-database.ts';
import { checkSelect } from './select-check.ts';
import { quotedName } from './sql-text.ts';
import { sendDiff } from './table-diff.ts';

const megabyte = 1024 * 1024;

/** How often is looked how much memory this process holds. */
const memoryLookMs = 50;

/** Opened before it is asked for: that takes as long as many a question. */
let next = open();

function open(): Promise<LockedDatabase> {
  return LockedDatabase.open(limits.tableMemoryMaxMb);
}

async function answer(question: Question): Promise<void> {
  const database = await next;
  const sender = new AnswerSender({ bytesMax: limits.tableAnswerBytesMax, send });
  try {
    await ask(database, question, sender);
  } catch (error) {
    const { kind, message, argument } = failureOf(error, 'process', []);
    send({ type: 'failure', kind, message, argument, residentMb: residentMb() });
  } finally {
    database.close();
    next = open();
  }
}

async function ask(
  database: LockedDatabase,
  question: Question,
  sender: AnswerSender,
): Promise<void> {
  const { connection } = database;
  switch (question.kind) {
    case 'convert':
      await convert(question, database);
      return end({});
    case 'page': {
      const { table, first, offset } = question;
      await database.show([table]);
      const from = `from ${quotedName(table.name)}`;
      try {
        const page = `select * ${from} limit ${first} offset ${offset}`;
        await sendRows(connection, page, first, sender);
        const counted = await connection.runAndReadAll(`select count(*) ${from}`);
        return end({ totalRows: Number(counted.getRows()[0]?.[0]) });
      } catch (error) {
        throw failureOf(error, 'table', [table]);
      }
    }
    case 'select': {
      const { sql, tables, first } = question;
      await checkSelect(connection, sql, new Set(tables.map(({ name }) => name.toLowerCase())));
      await database.show(tables);
      try {
        return end({ totalRows: await sendRows(connection, sql, first, sender) });
      } catch (error) {
        throw failureOf(error, 'question', tables, 'sql');
      }
    }
    case 'diff':
      await database.show([question.from, question.to]);
      return end(await sendDiff(connection, question, sender));
  }

  function end(counts: Partial<AnswerCounts>): void {
    sender.flush();
    send({ type: 'end', counts, residentMb: residentMb() });
  }
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
