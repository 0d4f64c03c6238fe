/** One entity's base and current table in a replica, against the log. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Position } from '../../entities/index.ts';
import type { Defect } from '../log/defect.ts';
import type { LogReader } from '../log/log-reader.ts';
import { limits } from '../shared/limits.ts';
import { turns } from '../shared/turns.ts';
import type { JsonInsertion } from './json-insertion.ts';
import { inOrderColumn, type ReplicaTable, stillInForce, wholeColumn } from './replica-table.ts';

/** Positions that are compared at a time. */
const pagePositions = limits.replicaCheckRows;

/**
 * What is wrong with an entity's tables; null when nothing is.
 * @param upTo the position up to which the base holds the log.
 * @param onRows told of rows that were compared.
 */
export async function findTableDefect(
  connection: DuckDBConnection,
  log: LogReader,
  table: ReplicaTable,
  upTo: Position,
  onRows: (count: number) => void,
): Promise<Defect | null> {
  const check = new TableCheck(connection, table);
  return (
    (await check.versions(log, upTo, onRows)) ??
    (await check.intervals()) ??
    (await check.current()) ??
    (await check.order(table.base)) ??
    (await check.order(table.current))
  );
}

class TableCheck {
  readonly #connection: DuckDBConnection;
  readonly #table: ReplicaTable;

  constructor(connection: DuckDBConnection, table: ReplicaTable) {
    this.#connection = connection;
    this.#table = table;
  }

  /**
   * Every version, page by page: of each page DuckDB makes one number out of the rows of the base, in
   * one scan for all pages, and one out of the log's rows.
   */
  async versions(
    log: LogReader,
    upTo: Position,
    onRows: (count: number) => void,
  ): Promise<Defect | null> {
    const { base, delta } = this.#table;
    const page = `(position - 1) // ${pagePositions}`;
    const found = new Map(
      await this.#rows<[string, string]>(
        `select (${page})::varchar, ${this.#sum()} from "${base}" group by ${page}`,
      ),
    );
    await this.#connection.run(this.#table.deltaDefinition());
    const insertion = this.#table.deltaInsertion(this.#connection);
    const compare = async (number: number, end: number) => {
      const after = number * pagePositions;
      await this.#load(log, insertion, after, end);
      const [[expected] = ['']] = await this.#rows<[string]>(`select ${this.#sum()} from ${delta}`);
      const isSame = (found.get(String(number)) ?? emptySum) === expected;
      found.delete(String(number));
      return isSame ? null : await this.#firstOther(after, after + pagePositions);
    };
    try {
      for (let number = 0; number * pagePositions < upTo; number += 1) {
        const begin = number * pagePositions;
        const end = Math.min(begin + pagePositions, upTo);
        const defect = await compare(number, end);
        if (defect) return defect;
        onRows(end - begin);
      }
      // What is left lies beyond all that the base may hold.
      const [stray] = [...found.keys()].map(Number).sort((a, b) => a - b);
      return stray === undefined ? null : await compare(stray, 0);
    } finally {
      insertion.close();
    }
  }

  /** Each version was in force until the one that names it as the version before. */
  async intervals(): Promise<Defect | null> {
    const { base } = this.#table;
    return await this.#defectAt(
      `select min(version.position) from "${base}" as version
       left join "${base}" as next on next.previous_position = version.position
       where version.until_position <> coalesce(next.position, ${stillInForce})`,
      (position) =>
        `The table "${base}" has the version at position ${position} in force until another moment.`,
    );
  }

  /** What is still in force in the base is current, and nothing else. */
  async current(): Promise<Defect | null> {
    const { base, current, wholeVersion } = this.#table;
    const whole = `"${wholeColumn}"`;
    const inForce = `"${base}" where until_position = ${stillInForce}`;
    return await this.#defectAt(
      `with held as (
         select position, hash(${this.#columns()}) as hash, ${wholeVersion} = ${whole} as is_whole
         from "${current}"
       ), expected as (select position, hash(${this.#columns()}) as hash from ${inForce})
       select min(coalesce(held.position, expected.position))
       from held full join expected on held.position = expected.position
       where held.hash is distinct from expected.hash or not is_whole
       union all
       select position from held group by position having count(*) > 1`,
      (position) =>
        `The table "${current}" does not hold what is current, at position ${position}.`,
    );
  }

  /** What is said to lie in the default order does: pages stop at what they take for their end. */
  async order(name: string): Promise<Defect | null> {
    return await this.#defectAt(
      `select min(position) from (
         select position, row_number() over (order by rowid) as lies,
           row_number() over (order by ${this.#table.order.text()}) as belongs
         from "${name}" where "${inOrderColumn}"
       ) where lies <> belongs`,
      (position) =>
        `The table "${name}" does not have the version at position ${position} in its order.`,
    );
  }

  /** Puts a page of the log into the delta, in the place of what it holds. */
  async #load(log: LogReader, insertion: JsonInsertion, begin: number, end: number): Promise<void> {
    const { delta, entity } = this.#table;
    await this.#connection.run(`create or replace table ${delta} as from ${delta} limit 0`);
    let rows: number = pagePositions;
    for (let after = begin; after < end; ) {
      await turns.yield();
      const to = Math.min(after + rows, end);
      const json = log.jsonBetween(entity, after as Position, to as Position);
      if (json) {
        await insertion.run([...json, ...this.#table.foldedJson(json)]);
        after = to;
      } else if (rows > 1) rows = Math.ceil(rows / 2);
      else throw new RangeError(`The version at position ${to} is too large to be compared.`);
    }
  }

  /** Of a page that is not the same, the first version that is not. */
  async #firstOther(after: number, end: number): Promise<Defect> {
    const { base, delta, storedNames } = this.#table;
    const within = `position > ${after} and position <= ${end}`;
    const differs = storedNames.map((name) => `held."${name}" is distinct from logged."${name}"`);
    const [row] = await this.#rows<[string, boolean, boolean, ...boolean[]]>(
      `with held as (from "${base}" where ${within}), logged as (from ${delta})
       select coalesce(held.position, logged.position)::varchar as place,
         held.position is null, logged.position is null, ${differs.join(', ')}
       from held full join logged on held.position = logged.position
       where ${differs.join(' or ')}
       order by coalesce(held.position, logged.position) limit 1`,
    );
    if (!row) return { position: null, message: `The table "${base}" holds a version twice.` };
    const [place, isMissing, isStray, ...others] = row;
    const names = storedNames.filter((_, index) => others[index]);
    const what = isMissing
      ? 'is missing'
      : isStray
        ? 'is not in the log'
        : `is not as the log has it: ${names.join(', ')}`;
    const position = Number(place) as Position;
    return {
      position,
      message: `In the table "${base}" the version at position ${position} ${what}.`,
    };
  }

  /** One number for all rows together, in whatever order they are. */
  #sum(): string {
    return `count(*) || ':' || coalesce(bit_xor(hash(${this.#columns()})), 0)`;
  }

  #columns(): string {
    return this.#table.storedNames.map((name) => `"${name}"`).join(', ');
  }

  async #defectAt(query: string, messageOf: (position: number) => string): Promise<Defect | null> {
    const rows = await this.#rows<[bigint | null]>(query);
    const positions = rows.flatMap(([position]) => (position === null ? [] : [Number(position)]));
    if (positions.length === 0) return null;
    const position = Math.min(...positions);
    return { position, message: messageOf(position) };
  }

  async #rows<Row>(query: string): Promise<Row[]> {
    return (await this.#connection.runAndReadAll(query)).getRows() as Row[];
  }
}

/** What sum() gives for no rows. */
const emptySum = '0:0';
