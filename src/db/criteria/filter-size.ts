/** How large a filter is, counted while it is read: reading it stops where it becomes too large. */
import { limits } from '../shared/limits.ts';
import { BadRequest } from '../shared/problems.ts';

const bounds = {
  conditions: [limits.filterConditionsMax, 'hold', 'conditions'],
  values: [limits.filterValuesMax, 'compare with', 'values in all'],
  searchWords: [limits.filterSearchWordsMax, 'search for', 'words in all'],
  characters: [limits.filterTextLengthMax, 'hold', 'characters of text in all'],
  foldedCharacters: [
    limits.filterFoldedLengthMax,
    'look in any case for texts of',
    'characters in all',
  ],
} as const;

export class FilterSize {
  readonly #counts = new Map<keyof typeof bounds, number>();

  /** @throws BadRequest when the filter has more of something than it may. */
  add(what: keyof typeof bounds, more: number): void {
    const count = (this.#counts.get(what) ?? 0) + more;
    this.#counts.set(what, count);
    const [max, does, named] = bounds[what];
    if (count > max) throw new BadRequest('filter', `may ${does} at most ${max} ${named}.`);
  }
}
