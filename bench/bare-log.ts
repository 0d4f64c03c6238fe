/**
 * The floor under every write: the log's own tables, triggers and durability, written to by prepared
 * statements and two digests a row, without anything in between.
 */
import { hash } from 'node:crypto';
import Database from 'better-sqlite3';
import type { drawTodo } from './todo-values.ts';

/** Rows that one statement inserts where many are created. */
const statementRows = 32;

export type TodoValues = ReturnType<typeof drawTodo>;

export interface BareChange {
  /** Of the todo that is changed; null for a new one. */
  readonly id: string | null;
  readonly todo: TodoValues;
}

/** An empty log, made by a store that was closed since. */
export class BareLog {
  readonly #database: Database.Database;
  readonly #insert: Database.Statement;
  readonly #insertMany: Database.Statement;
  readonly #insertTransaction: Database.Statement;
  readonly #steps: ReadonlyMap<string, Database.Statement>;
  readonly #last: Database.Statement<[string], { revision: number; position: number }>;
  readonly #salt = Buffer.alloc(16);
  #digest: Buffer = this.#salt;
  #position = 0;
  #transaction = 0;
  #todos = 0;

  constructor(path: string) {
    this.#database = new Database(path);
    for (const setting of ['synchronous = full', 'foreign_keys = on', 'recursive_triggers = on']) {
      this.#database.pragma(setting);
    }
    const row = `(${Array.from({ length: 18 }, () => '?').join()})`;
    const rows = Array.from({ length: statementRows }, () => row).join();
    this.#insert = this.#database.prepare(`insert into todos values ${row}`);
    this.#insertMany = this.#database.prepare(`insert into todos values ${rows}`);
    this.#last = this.#database.prepare(
      'select * from todos where id = ? order by revision desc limit 1',
    );
    this.#insertTransaction = this.#database.prepare(
      'insert into transactions values (?, ?, ?, ?, null, null, ?, ?, ?)',
    );
    const steps = ['begin immediate', 'savepoint mutation', 'release mutation', 'commit'];
    this.#steps = new Map(steps.map((text) => [text, this.#database.prepare(text)]));
  }

  /** How many todos it has: their ids are t0, t1, and so on. */
  get todos(): number {
    return this.#todos;
  }

  /** Creates todos in one transaction. @returns its number. */
  create(todos: readonly TodoValues[]): number {
    this.#step('begin immediate');
    this.#transact(() => this.#createTogether(todos));
    this.#step('commit');
    return this.#transaction;
  }

  /** Writes todos, each in a transaction of its own and all in one commit. */
  write(changes: readonly BareChange[]): void {
    this.#step('begin immediate');
    for (const { id, todo } of changes) {
      this.#step('savepoint mutation');
      this.#transact(() => this.#insert.run(this.#row(todo, id)));
      this.#step('release mutation');
    }
    this.#step('commit');
  }

  close(): void {
    this.#database.close();
  }

  #step(text: string): void {
    this.#steps.get(text)?.run();
  }

  #transact(insert: () => void): void {
    this.#transaction += 1;
    const [id, first] = [this.#transaction, this.#position + 1];
    insert();
    const about = digestOf(this.#salt, '[null,null]');
    this.#insertTransaction.run(id, id, first, this.#position, this.#salt, about, this.#digest);
  }

  #createTogether(todos: readonly TodoValues[]): void {
    let at = 0;
    for (; at + statementRows <= todos.length; at += statementRows) {
      const some = todos.slice(at, at + statementRows);
      this.#insertMany.run(some.flatMap((todo) => this.#row(todo, null)));
    }
    for (const todo of todos.slice(at)) this.#insert.run(this.#row(todo, null));
  }

  /**
   * The next row.
   * @param id of the record that is changed; null for a new one.
   */
  #row(todo: TodoValues, id: string | null): unknown[] {
    const before = id === null ? undefined : this.#last.get(id);
    this.#position += 1;
    if (id === null) this.#todos += 1;
    const contents = digestOf(this.#salt, JSON.stringify(todo));
    this.#digest = digestOf(contents, JSON.stringify([this.#position, this.#transaction]));
    return [
      this.#position,
      this.#transaction,
      this.#transaction,
      this.#transaction,
      id ?? `t${this.#todos - 1}`,
      (before?.revision ?? 0) + 1,
      before ? 'UPDATE' : 'CREATE',
      before?.position ?? null,
      todo.userId,
      todo.subject,
      todo.body,
      todo.priority,
      todo.status,
      todo.description,
      JSON.stringify(todo.labels),
      this.#salt,
      contents,
      this.#digest,
    ];
  }
}

function digestOf(bytes: Buffer, text: string): Buffer {
  const together = Buffer.concat([bytes, Buffer.from(text)]);
  return Buffer.from(hash('sha256', together, 'binary'), 'binary');
}
