/**
 * Groups that are asked for in one turn of the event loop. The same question at many positions, as
 * the aliases of one document put it, is one series: one pass over the base, not one for each.
 */
import DataLoader from 'dataloader';
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
}
type Answer = Group[] | Error;

export class GatheredGroups {
  readonly #read: Read;
  readonly #questions = new DataLoader<Question, Group[]>((questions) => this.#answer(questions), {
    cache: false,
  });

  /** @param read runs a query on the replica there is. */
  constructor(read: Read) {
    this.#read = read;
  }

  /** As queryGroups, whose errors it throws. */
  ask(entity: Entity, query: GroupQuery): Promise<Group[]> {
    return this.#questions.load({ entity, query });
  }

  async #answer(questions: readonly Question[]): Promise<Answer[]> {
    const alike = new Map<string, Question[]>();
    for (const question of questions) {
      const name = nameOf(question);
      const known = alike.get(name);
      if (known) known.push(question);
      else alike.set(name, [question]);
    }
    const answers = new Map<Question, Answer>();
    const parts = [...alike.values()].map(async (part) => {
      const found = await this.#answerAlike(part);
      for (const [index, question] of part.entries()) {
        answers.set(question, found[index] as Answer);
      }
    });
    await Promise.all(parts);
    return questions.map((question) => answers.get(question) as Answer);
  }

  async #answerAlike(questions: readonly Question[]): Promise<Answer[]> {
    const [first] = questions as [Question];
    // Floats add up to slightly other stats when they are counted in another way.
    const isSeries = questions.length >= limits.groupsSeriesMin && !first.query.stats?.length;
    const series = isSeries ? await this.#series(questions) : null;
    return series ?? (await Promise.all(questions.map((question) => this.#single(question))));
  }

  /** Null when it is refused: which of the questions may not be asked alone, each then finds out. */
  async #series(questions: readonly Question[]): Promise<Answer[] | null> {
    const [{ entity, query }] = questions as [Question];
    const positions = questions.map((question) => question.query.at);
    try {
      refuseNoFields(query);
      const points = await this.#read((replica) =>
        queryOverTime(replica, entity, { ...query, positions }),
      );
      return points.map(({ groups }) => refuseTooManyGroups([...groups]));
    } catch (error) {
      if (error instanceof BadRequest) return null;
      throw error;
    }
  }

  async #single({ entity, query }: Question): Promise<Answer> {
    try {
      return await this.#read((replica) => queryGroups(replica, entity, query));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** What is the same for all positions of a series. */
function nameOf({ entity, query: { at: _, ...rest } }: Question): string {
  return `${entity.table} ${JSON.stringify(rest)}`;
}
