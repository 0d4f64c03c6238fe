/** Records of any kind under one id, as the Relay specification's Node has them. */
import { BadRequest, isWellFormed } from '../db/index.ts';
import type { Version } from '../entities/index.ts';
import type { AsOf } from './as-of.ts';
import type { Operation } from './operation.ts';
import { type RecordAt, readRecord } from './records.ts';

/** The id of a record that no record of another kind shares. */
export function nodeIdOf({ entity, id }: Version): string {
  return Buffer.from(`${entity.name}:${id}`).toString('base64url');
}

export interface NodeArgs {
  readonly nodeId: string;
  readonly asOf?: AsOf | null | undefined;
}

/**
 * The live record with a nodeId; null when there is none.
 * @throws BadRequest for what cannot be a nodeId of this server.
 */
export async function readNode(
  { nodeId, asOf }: NodeArgs,
  operation: Operation,
): Promise<RecordAt | null> {
  const text = Buffer.from(nodeId, 'base64url').toString('utf8');
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0));
  const entity = operation.view.entities.find((each) => each.name === name);
  const exact = Buffer.from(text).toString('base64url') === nodeId && isWellFormed(text);
  if (!entity || !exact) {
    throw new BadRequest('nodeId', 'must be a nodeId that this server gave, but is not one.');
  }
  return await readRecord(entity, { id: text.slice(colon + 1), asOf }, operation);
}
