import { createClient as createStreams } from 'graphql-sse';
import { createClient as createSockets } from 'graphql-ws';

/** Follows over one WebSocket, and over a new one when that is lost, as often as it takes. */
export function overWebSocket(url: string) {
  return createSockets({
    url: url.replace('http', 'ws'),
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: wait,
    // By itself it gives up when a connection cannot be opened at all: while a server restarts.
    shouldRetry: () => true,
  });
}

/** Follows over server-sent events, and asks anew when they break off, as often as it takes. */
export function overServerSentEvents(url: string) {
  return createStreams({ url, retryAttempts: Number.POSITIVE_INFINITY, retry: wait });
}

/** @param attempts how many failed since the last event. */
export function wait(attempts: number): Promise<void> {
  const delayMs = Math.min(100 * 2 ** attempts, 10_000) * (0.5 + Math.random());
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

const query = `subscription ($after: Position!) {
  todoChanges(after: $after) { kind position id todo { subject status revision } }
}`;

interface Event {
  readonly todoChanges: { readonly kind: string; readonly position: string; readonly id: string };
}
interface Answer {
  readonly data?: Event | null;
  readonly errors?: readonly { readonly message: string }[];
}
interface Transport {
  subscribe(
    request: { query: string; variables: Record<string, unknown> },
    sink: {
      next: (answer: Answer) => void;
      error: (error: unknown) => void;
      complete: () => void;
    },
  ): () => void;
}

/** Whether a token is refused, or has expired: what each transport has for it, and the server. */
function isUnauthenticated(why: unknown): boolean {
  if (Array.isArray(why)) return why.some((it) => it.extensions?.code === 'UNAUTHENTICATED');
  const { code, response } = why as { code?: number; response?: { status: number } };
  return code === 4401 || response?.status === 401;
}

/** Follows todos from a position on. @returns stops it. */
export function followTodos(
  transport: ReturnType<typeof overWebSocket> | ReturnType<typeof overServerSentEvents>,
  after: string,
  onChange: (change: Event['todoChanges']) => void,
  onRefused: (error: unknown) => void = console.error,
): () => void {
  let position = after;
  let ended = false;
  let isRenewed = false;
  let stop = () => {};
  const refuse = (error: unknown) => {
    ended = true;
    onRefused(error);
  };
  // Read anew for each attempt, so that the transport goes on after the last event by itself.
  const variables = {
    get after() {
      return position;
    },
  };
  const goOn = () => void wait(3).then(() => ended || follow());
  const follow = () => {
    stop = (transport as Transport).subscribe(
      { query, variables },
      {
        next({ data, errors }) {
          // A feed whose token expires says so, and ends.
          if (errors) return isUnauthenticated(errors) ? undefined : refuse(errors);
          if (!data) return;
          isRenewed = false;
          position = data.todoChanges.position;
          onChange(data.todoChanges);
        },
        // The next attempt has another token. Where that is refused as well, no other would help.
        error(why) {
          if (isRenewed || !isUnauthenticated(why)) return refuse(why);
          isRenewed = true;
          goOn();
        },
        // A server that is stopped in good order completes its feeds, which have no end of their own.
        complete: goOn,
      },
    );
  };
  follow();
  return () => {
    ended = true;
    stop();
  };
}
