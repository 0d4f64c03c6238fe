/** From starting the server's process to its first answer; and to its readiness, where there is no log yet. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, readIds, withCopy } from './dataset.ts';
import { ask } from './load.ts';
import { type Figure, median, orientation, withUnit } from './results.ts';
import { startEverstate, withServers } from './server.ts';
import { timeMs } from './stopwatch.ts';

const starts = 3;
const document = 'query($id: ID!) { todo(id: $id) { id subject } }';

export async function measureStart(dataset: Dataset): Promise<Figure[]> {
  return [...(await measureFirstStart()), ...(await measureRestart(dataset))];
}

/** Next to nothing but loading the code. */
async function measureFirstStart(): Promise<Figure[]> {
  const times: number[] = [];
  const cpuTimes: number[] = [];
  for (let turn = 0; turn < starts; turn += 1) {
    const directory = mkdtempSync(join(tmpdir(), 'everstate-bench-'));
    try {
      await withServers([startEverstate(directory)], async (server) => {
        if (!server) throw new Error('The server did not start.');
        times.push(server.startMs);
        cpuTimes.push(server.cpuMs() ?? Number.NaN);
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  const what = 'process start until ready, without a log';
  return [
    orientation('start', what, withUnit(median(times), 'ms')),
    orientation('start', `${what}: processor time`, withUnit(median(cpuTimes), 'ms')),
  ];
}

function measureRestart(dataset: Dataset): Promise<Figure[]> {
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
