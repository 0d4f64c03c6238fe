/**
 * Groups that are asked for in one turn of the event loop. The same question at many positions, as
 * the aliases of one document put it, is one series: one pass over the base, not one for each.
 */
import type { Entity } from '../../entities/index.ts';
import type { Replica } from '../replica/replica.ts';
import { limits } from '../shared/limits.ts';
import { BadRequest } from '../shared/problems.ts';
import {
  type GroupQuery,
  queryGroups,
  refuseNoFields,
  refuseTooManyGroups,
} from './group-query.ts';
import type { Group } from './grouping.ts';
import { queryOverTime } from './over-time-query.ts';

type Read = <T>(query: (replica: Replica) => Promise<T>) => Promise<T>;

interface Question {
  readonly entity: Entity;
  readonly query: GroupQuery;
  readonly answer: (groups: Group[] | Promise<Group[]>) => void;
}

export class GatheredGroups {
  readonly #read: Read;
  #waiting: Question[] = [];

  /** @param read runs a query on the replica there is. */
  constructor(read: Read) {
    this.#read = read;
  }

  /** As queryGroups, whose errors it throws. */
  ask(entity: Entity, query: GroupQuery): Promise<Group[]> {
    return new Promise((answer) => {
      this.#waiting.push({ entity, query, answer });
      // Once everything that could go on has gone on, all that will be asked now was asked.
      if (this.#waiting.length === 1) queueMicrotask(() => process.nextTick(() => this.#begin()));
    });
  }

  #begin(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length < limits.groupsSeriesMin) {
      this.#answerEach(waiting);
      return;
    }
    const alike = new Map<string, Question[]>();
    for (const question of waiting) {
      const name = nameOf(question);
      const known = alike.get(name);
      if (known) known.push(question);
      else alike.set(name, [question]);
    }
    for (const questions of alike.values()) {
      if (isSeries(questions)) this.#answerTogether(questions);
      else this.#answerEach(questions);
    }
  }

  #answerEach(questions: readonly Question[]): void {
    for (const { entity, query, answer } of questions) {
      answer(this.#read((replica) => queryGroups(replica, entity, query)));
    }
  }

  /** Where the series is refused, each of the questions alone finds out whether it is. */
  #answerTogether(questions: readonly Question[]): void {
    const [{ entity, query }] = questions as [Question];
    const positions = questions.map((question) => question.query.at);
    const series = async (replica: Replica) => {
      refuseNoFields(query);
      const points = await queryOverTime(replica, entity, { ...query, positions });
      return points.map(({ groups }) => refuseTooManyGroups([...groups]));
    };
    this.#read(series).then(
      (points) => {
        for (const [index, { answer }] of questions.entries()) answer(points[index] as Group[]);
      },
      (error) => {
        if (error instanceof BadRequest) this.#answerEach(questions);
        else for (const { answer } of questions) answer(Promise.reject(error));
      },
    );
  }
}

/** Floats add up to slightly other stats when they are counted in another way. */
function isSeries(questions: readonly Question[]): boolean {
  const positions = new Set(questions.map(({ query }) => query.at));
  return positions.size >= limits.groupsSeriesMin && !questions[0]?.query.stats?.length;
}

/** What is the same for all positions of a series. */
function nameOf({ entity, query: { at: _, ...rest } }: Question): string {
  return `${entity.table} ${JSON.stringify(rest)}`;
}
