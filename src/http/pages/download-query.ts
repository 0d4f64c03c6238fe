/** What the query of a download's URL asks for. */
import { BadRequest, limits } from '../../db/index.ts';
import type { Position } from '../../entities/index.ts';
import { type AskedVersion, revisionPattern } from '../../resolvers/index.ts';

export interface DownloadQuery extends AskedVersion {
  /** Whether a browser is to show it, rather than to save it. */
  readonly inline: boolean;
  /** Whether a folder is wanted as a zip. */
  readonly zip: boolean;
  /** The cursor of the page before, in the listing of a folder. */
  readonly after: string | null;
  /** How many entries a page of that listing may have. */
  readonly limit: number;
}

/** @throws BadRequest for a value that cannot be, or a parameter that is given twice. */
export function readDownloadQuery(params: URLSearchParams): DownloadQuery {
  const [revision, position, limit] = ['revision', 'position', 'limit'].map((name) =>
    onlyValue(params, name),
  ) as [string | null, string | null, string | null];
  if (revision !== null && position !== null) {
    throw new BadRequest('revision', 'may not be given together with position. Leave one out.');
  }
  if (revision !== null && !revisionPattern.test(revision)) {
    refuse('revision', 'a revision such as 3', revision);
  }
  if (position !== null && !/^\d{1,15}$/.test(position)) {
    refuse('position', 'a position such as 12', position);
  }
  const most = limits.folderEntriesMax;
  if (limit !== null && !(/^[1-9]\d{0,8}$/.test(limit) && Number(limit) <= most)) {
    refuse('limit', `a number from 1 to ${most}`, limit);
  }
  return {
    revision: revision === null ? null : Number(revision),
    position: position === null ? null : (Number(position) as Position),
    userId: onlyValue(params, 'user'),
    inline: params.has('inline'),
    zip: params.has('zip'),
    after: onlyValue(params, 'after'),
    limit: limit === null ? most : Number(limit),
  };
}

function onlyValue(params: URLSearchParams, name: string): string | null {
  const [value = null, ...others] = params.getAll(name);
  if (others.length > 0) throw new BadRequest(name, 'must be given once.');
  return value;
}

function refuse(name: string, expected: string, value: string): never {
  throw new BadRequest(name, `must be ${expected}, but was ${JSON.stringify(value.slice(0, 80))}.`);
}
