import { limits, type Store } from '../../src/db/index.ts';
import { LakeFile } from '../../src/entities/index.ts';

/** Values of a lake file whose contents do not matter to the test. */
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export function lakeFile(filename: string) {
  return { filename, size: 0, sha256: emptySha256 };
}

/** Creates files in one transaction, too many for followers to be told of them from memory. */
export async function createManyFiles(store: Store): Promise<void> {
  await store.transact(async (log) => {
    for (let count = 0; count <= limits.followerBatchRows; count += 1) {
      await log.create(LakeFile, lakeFile(`f${count}`));
    }
  });
}
