/** `everstate verify` from the command line: what was asked for, and what is told of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Defect,
  LogDamaged,
  LogInspection,
  type ReplicaVerdict,
  type VerifiedHead,
} from '../db/index.ts';
import type { Entity } from '../entities/index.ts';
import { count, exitCodes, startProgress, type Told } from '../terminal/index.ts';
import { headGiven, headText } from './head.ts';

/** As they are given; `json` concerns who tells. */
export interface VerifyOptions {
  readonly head?: string;
  /** A file with a proof, to be checked instead. */
  readonly proof?: string;
  /** Whether replicas are compared with the log; they are without it. */
  readonly replica?: boolean;
}

/** Progress is told of so many versions at a time. */
const versionsAtATime = 256;

/**
 * @param data the data directory.
 * @param entities those that it is served with.
 * @throws Refused, and CannotOpen.
 */
export async function runVerify(
  { head, replica = true }: VerifyOptions,
  data: string,
  entities: readonly Entity[],
): Promise<Told> {
  const known = head === undefined ? null : headGiven(head);
  const log = openOrDefect(data, entities);
  if (!(log instanceof LogInspection)) {
    return told({ versions: 0, defect: log, head: null, knownAt: null }, 0, []);
  }
  try {
    const { versions, contents } = await log.size();
    const progress = startProgress('Verifying', versions + contents, 'versions and files', {
      stream: process.stderr,
    });
    let seen = 0;
    const onVersion = () => {
      seen += 1;
      if (seen % versionsAtATime === 0) progress.advance('versions', versionsAtATime);
    };
    const onContents = () => progress.advance('files');
    const verified = await log.verify(known, { onVersion, onContents }).finally(progress.stop);
    const isChecked = replica && verified.defect === null;
    const replicas = isChecked ? await compareReplicas(log) : [];
    return told(verified, contents, replicas);
  } finally {
    await log.close();
  }
}

/** A log that cannot be opened for what it holds is not as it should be either. */
function openOrDefect(data: string, entities: readonly Entity[]): LogInspection | Defect {
  try {
    return LogInspection.open(data, entities);
  } catch (error) {
    if (!(error instanceof LogDamaged)) throw error;
    return { position: null, message: error.message };
  }
}

async function compareReplicas(log: LogInspection): Promise<ReplicaVerdict[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'everstate-verify-'));
  const discard = () => rmSync(scratch, { recursive: true, force: true });
  // Ctrl-C ends the process wherever it is.
  process.once('exit', discard);
  const progress = startProgress('Comparing replicas', 0, 'rows', { stream: process.stderr });
  try {
    return await log.checkReplicas({ scratch, onRows: (rows) => progress.advance('rows', rows) });
  } finally {
    progress.stop();
    process.off('exit', discard);
    discard();
  }
}

function told(
  { versions, defect, head, knownAt }: VerifiedHead,
  contents: number,
  replicas: readonly ReplicaVerdict[],
): Told {
  const isSound = defect === null && replicas.every(({ state }) => state !== 'wrong');
  const counted = `${count(versions, 'version')} and the contents of ${count(contents, 'file')}`;
  const lines =
    defect === null ? [`Sound: ${counted}.`] : [`Damaged${at(defect.position)}: ${defect.message}`];
  if (head) lines.push(`The head is ${headText(head)}.`);
  if (defect?.position && versions > 0) {
    lines.push(`Before it ${count(versions, 'version')} ${versions === 1 ? 'is' : 'are'} sound.`);
  }
  if (knownAt !== null) lines.push(`Nothing up to the known head, at ${knownAt}, was altered.`);
  for (const { file, state, position, message } of replicas) {
    lines.push(`Replica ${file} is ${state}${state === 'wrong' ? at(position) : ''}. ${message}`);
  }
  const outcome = {
    isSound,
    versions,
    contents,
    head,
    knownHeadAt: knownAt,
    defect,
    replicas,
  };
  return { lines, outcome, exitCode: isSound ? exitCodes.done : exitCodes.unsound };
}

function at(position: number | null): string {
  return position === null ? '' : ` at position ${position}`;
}
