/**
 * What load balancers, orchestrators and whoever watches ask, and what they are told: no path, no
 * error, no number.
 * - GET /health/live: whether the process answers at all. It is started anew where it does not.
 * - GET /health/ready: whether requests should come here now.
 * - GET /health: whether the store can be read and written, at once, however far the replica is.
 */
import type { Store, StoreHealth } from '../../db/index.ts';
import { Unavailable } from '../../db/index.ts';
import { unavailable } from './retry-after.ts';

export interface HealthAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for HEAD. */
  readonly body: string | null;
}

/** What is told, besides whether all is well. */
type Parts = Readonly<Record<string, string>>;

const paths = ['/health', '/health/live', '/health/ready'] as const;
type HealthPath = (typeof paths)[number];

export function isHealthPath(path: string): path is HealthPath {
  return paths.some((each) => each === path);
}

/** How a server is whose store is open. @param lagMaxMs how long a read may wait for the replica. */
export async function storeHealth(
  store: Store,
  path: HealthPath,
  method: string,
  lagMaxMs: number,
): Promise<HealthAnswer> {
  if (!isRead(method)) return cannotBeWritten();
  if (path === '/health/live') return healthAnswer(method, null, {});
  const health = store.health();
  const works = canRead(health) && canWrite(health);
  if (path === '/health' || !works)
    return healthAnswer(method, works ? null : 'unavailable', health);
  const isBehind = !(await keepsUp(store, lagMaxMs));
  if (!isBehind) return healthAnswer(method, null, health);
  return healthAnswer(method, 'unavailable', { ...health, replica: 'behind' });
}

/** How a server is whose store is not open yet, or not much longer: alive, and not ready. */
export function stageHealth(
  stage: 'starting' | 'closing',
  path: HealthPath,
  method: string,
): HealthAnswer {
  if (!isRead(method)) return cannotBeWritten();
  return healthAnswer(method, path === '/health/live' ? null : stage, {});
}

/** @param trouble in one word; null while all is well. */
function healthAnswer(
  method: string,
  trouble: string | null,
  parts: Parts | StoreHealth,
): HealthAnswer {
  const { status, headers } = trouble === null ? { status: 200, headers: {} } : unavailable;
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
    body: method === 'HEAD' ? null : `${JSON.stringify({ status: trouble ?? 'ok', ...parts })}\n`,
  };
}

function cannotBeWritten(): HealthAnswer {
  return {
    status: 405,
    headers: { allow: 'GET, HEAD', 'content-type': 'text/plain; charset=utf-8' },
    body: 'Health can only be read.\n',
  };
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

async function keepsUp(store: Store, lagMaxMs: number): Promise<boolean> {
  try {
    return await store.keepsUp(lagMaxMs);
  } catch (error) {
    // The log failed, or the store closes, since its state was looked at.
    if (error instanceof Unavailable) return false;
    throw error;
  }
}

function canRead({ replica }: StoreHealth): boolean {
  return replica === 'ok' || replica === 'memory';
}

function canWrite({ log }: StoreHealth): boolean {
  return log === 'ok';
}
