/** Whether whoever asked is still there to be answered. */
import type { IncomingMessage } from 'node:http';

/** What is known of a request: Node's, where it came over Node's server, else that of the Fetch API. */
interface Asked {
  readonly req?: IncomingMessage;
  readonly request?: Request;
}

/** Why whatever was made for a client has ended; nobody is left to be told. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft';

  constructor() {
    super('The client has left.');
  }
}

const signals = new WeakMap<object, AbortSignal>();
const staying = new AbortController().signal;

/**
 * Makes a signal that aborts once a client has left: when its connection is closed. It is made when it
 * is first asked for, and is one for all requests of a connection.
 */
export function leavingOf({ req, request }: Asked): () => AbortSignal {
  return () => {
    const { socket } = req ?? {};
    if (!socket) return request?.signal ?? staying;
    let signal = signals.get(socket);
    if (!signal) {
      const leaving = new AbortController();
      const leave = () => leaving.abort(new ClientLeft());
      if (socket.destroyed) leave();
      else socket.once('close', leave);
      signal = leaving.signal;
      signals.set(socket, signal);
    }
    return signal;
  };
}
