/** Whether a store's replica answers as its log does. */
import { limits, type Store } from '../../src/db/index.ts';
import { type Position, positionZero, type Version } from '../../src/entities/index.ts';

/**
 * Compares every way of reading records with the log read in order: the newest versions, whole
 * histories, and records and a list as they were halfway.
 * @returns the ids of records of which the two say different things.
 */
export async function differences(store: Store): Promise<string[]> {
  const head = await store.head();
  const halfway = Math.ceil(head / 2) as Position;
  const logged = await store.versionsBetween(positionZero, head);
  const wrong: string[] = [];
  for (const entity of store.entities) {
    const histories = new Map<string, Version[]>();
    for (const version of logged) {
      if (version.entity !== entity) continue;
      histories.set(version.id, [...(histories.get(version.id) ?? []), version]);
    }
    const ids = [...histories.keys()];
    for (let begin = 0; begin < ids.length; begin += limits.pageRowsMax) {
      const page = ids.slice(begin, begin + limits.pageRowsMax);
      const all = page.map((id) => ({ id, from: 1, to: 1_000 }));
      const found = await store.revisions(entity, all);
      const now = await store.records(entity, at(page, head));
      const then = await store.records(entity, at(page, halfway));
      for (const [index, id] of page.entries()) {
        const expected = histories.get(id) as Version[];
        const answers = [found[index], now[index], then[index]];
        const right = [expected, expected.at(-1), lastUpTo(halfway, expected)];
        if (!equal(answers, right)) wrong.push(id);
      }
    }
    const live = ids.filter((id) => histories.get(id)?.at(-1)?.operation !== 'DELETE');
    if ((await store.count(entity)) !== live.length) wrong.push(`count of ${entity.name}`);
    const listed = (await store.list(entity)).versions;
    const latest = listed.map(({ id }) => histories.get(id)?.at(-1));
    if (!equal(listed, latest)) wrong.push(`list of ${entity.name}`);
    const earlier = (await store.list(entity, { at: halfway })).versions;
    const asThen = earlier.map(({ id }) => lastUpTo(halfway, histories.get(id)));
    if (!equal(earlier, asThen)) wrong.push(`list of ${entity.name} halfway`);
  }
  return wrong;
}

function lastUpTo(position: Position, history: readonly Version[] = []): Version | null {
  return history.findLast((version) => version.position <= position) ?? null;
}

function at(ids: readonly string[], position: Position) {
  return ids.map((id) => ({ id, at: position }));
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
