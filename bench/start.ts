/** From starting the server's process to its first answer. */
import { type Dataset, readIds, withCopy } from './dataset.ts';
import { ask } from './load.ts';
import { type Figure, median, orientation, withUnit } from './results.ts';
import { startEverstate, withServers } from './server.ts';
import { timeMs } from './stopwatch.ts';

const starts = 3;
const document = 'query($id: ID!) { todo(id: $id) { id subject } }';

export function measureStart(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, async (directory) => {
    const id = readIds(directory)[0];
    const times: number[] = [];
    for (let turn = 0; turn < starts; turn += 1) {
      times.push(
        await withServers([startEverstate(directory)], async (server) => {
          if (!server) throw new Error('The server did not start.');
          return server.startMs + (await timeMs(() => ask(server.url, document, { id })));
        }),
      );
    }
    const what = 'process start to first answer';
    return [orientation('restart', what, withUnit(median(times), 'ms'))];
  });
}
