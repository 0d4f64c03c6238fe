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
function wait(attempts: number): Promise<void> {
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

/** Follows todos from a position on. @returns stops it. */
export function followTodos(
  transport: ReturnType<typeof overWebSocket> | ReturnType<typeof overServerSentEvents>,
  after: string,
  onChange: (change: Event['todoChanges']) => void,
  onRefused: (error: unknown) => void = console.error,
): () => void {
  let position = after;
  let ended = false;
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
  const follow = () => {
    stop = (transport as Transport).subscribe(
      { query, variables },
      {
        next({ data, errors }) {
          if (errors) return refuse(errors);
          if (!data) return;
          position = data.todoChanges.position;
          onChange(data.todoChanges);
        },
        error: refuse,
        // A server that is stopped in good order completes its feeds, which have no end of their own.
        complete: () => void wait(3).then(() => ended || follow()),
      },
    );
  };
  follow();
  return () => {
    ended = true;
    stop();
  };
}
