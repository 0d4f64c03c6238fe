/** Proof: verifying a log and its replica, its head, and proofs of single versions. */
import { LogInspection } from '../src/db/index.ts';
import { type Position, shippedEntities } from '../src/entities/index.ts';
import { runVerify } from '../src/proof/index.ts';
import { type Dataset, openTodos } from './dataset.ts';
import { drawIndex, randomFrom } from './random.ts';
import { type Figure, orientation, withUnit } from './results.ts';
import { timeMs } from './stopwatch.ts';

const proofs = 200;

export async function measureProof(dataset: Dataset): Promise<Figure[]> {
  const { directory, versions } = dataset;
  const figures: Figure[] = [];
  const of = `${versions.toLocaleString('en')} versions`;
  const note = async (what: string, work: () => Promise<unknown>) => {
    const seconds = (await timeMs(work)) / 1_000;
    figures.push(orientation('proof', `${what} of ${of}`, withUnit(seconds, 's')));
  };
  await note('verify, without replicas,', () =>
    runVerify({ replica: false }, directory, shippedEntities),
  );
  const log = LogInspection.open(directory, shippedEntities);
  try {
    await note('verify, with a known head without its position,', () =>
      log.verify({ position: null, digest: '' }, { onVersion: () => {}, onContents: () => {} }),
    );
  } finally {
    await log.close();
  }
  // The difference is what the comparison of the replica takes.
  await note('verify, with the replica,', () => runVerify({}, directory, shippedEntities));
  const store = await openTodos(directory);
  try {
    const head = await store.head();
    await note('the first head', () => store.headAt(head));
    const random = randomFrom(3);
    const ms = await timeMs(async () => {
      for (let count = 0; count < proofs; count += 1) {
        const at = (drawIndex(random, versions - 1) + 1) as Position;
        const [version] = await store.versionsBetween((at - 1) as Position, at);
        if (version) await store.prove(version, head);
      }
    });
    figures.push(orientation('proof', `one proof of ${of}`, withUnit(ms / proofs, 'ms')));
  } finally {
    await store.close();
  }
  return figures;
}
