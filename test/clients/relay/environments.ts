import { createClient } from 'graphql-ws';
import runtime, {
  type FetchFunction,
  type GraphQLResponse,
  type SubscribeFunction,
} from 'relay-runtime';

const { Environment, Network, Observable, RecordSource, Store } = runtime;

interface Identified {
  readonly nodeId?: string;
  readonly id?: string;
}

/** Versions and transactions never change; the other types with an id have that of a record. */
const unchanging = ({ id }: Identified, type: string) =>
  /Version$|^Transaction$/.test(type) && id ? `${type}:${id}` : null;

/** One environment for what is now, and one for what was: where records have no identity. */
export function connect(url: string) {
  const request: FetchFunction = async ({ text, name }, variables) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, operationName: name, variables }),
    });
    return (await answer.json()) as GraphQLResponse;
  };
  const sockets = createClient({ url: url.replace('http', 'ws') });
  const subscribe: SubscribeFunction = ({ text, name }, variables) =>
    Observable.create((sink) =>
      sockets.subscribe(
        { query: text as string, operationName: name, variables },
        { ...sink, next: (event) => sink.next(event as GraphQLResponse) },
      ),
    );
  const network = Network.create(request, subscribe);
  const open = (getDataID: (record: Identified, type: string) => string | null) =>
    new Environment({ network, store: new Store(new RecordSource()), getDataID } as never);
  return {
    current: open((record, type) => record.nodeId ?? unchanging(record, type)),
    past: open(unchanging),
  };
}
