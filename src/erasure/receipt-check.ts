/** `everstate verify --receipt`: whether receipts were signed by a key that is known, without the log. */
import { readFile } from 'node:fs/promises';
import { isSigned, type Receipt } from '../db/index.ts';
import { count, notProven, type Told } from '../terminal/index.ts';
import { Refused } from './refused.ts';

/**
 * @param file with one receipt or a list of them, as erase and the API give them.
 * @param key one that is known from elsewhere, as `everstate keys` tells it.
 * @throws Refused, also for receipts that are whole in themselves when no key is known.
 */
export async function checkReceipt(file: string, key: string | undefined): Promise<Told> {
  const receipts = await readReceipts(file);
  if (!receipts.every(isSigned)) return notProven('It is not what was signed.');
  if (key === undefined) {
    throw new Refused(
      'KEY_NEEDED',
      `The receipt was signed by ${receipts[0]?.publicKey}. Whether that is a key of the log, only ` +
        'one that is known from elsewhere can tell: say it with --key.',
    );
  }
  if (receipts.some(({ publicKey }) => publicKey !== key)) {
    return notProven('It was signed by another key than the one that is known.');
  }
  return { lines: receipts.map(lineOf), outcome: { isProven: true, receipts } };
}

function lineOf({ log, erasedAt, actor, records }: Receipt): string {
  const versions = records.reduce((sum, { positions }) => sum + positions.length, 0);
  const names = records.map(({ entity, id }) => `${entity} ${JSON.stringify(id)}`).join(', ');
  const who = actor === null ? '' : ` by ${JSON.stringify(actor)}`;
  return `Proven: ${count(versions, 'version')} of ${names} in the log ${log} erased at ${erasedAt}${who}.`;
}

async function readReceipts(file: string): Promise<readonly Receipt[]> {
  const notOne = (why: string) => new Refused('NOT_A_RECEIPT', `${file} ${why}`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw notOne(`cannot be read as JSON: ${(error as Error).message}`);
  }
  const receipts = Array.isArray(json) ? json : [json];
  const isOne = (each: unknown) =>
    typeof each === 'object' && each !== null && 'signature' in each && 'records' in each;
  if (receipts.length > 0 && receipts.every(isOne)) return receipts as Receipt[];
  throw notOne('is not what everstate erase writes: something is missing.');
}
