/** The limits of what a client may send, each with its unit. */
export const requestLimits = {
  /** Largest request body, unless the setting says otherwise. */
  bodyBytesMax: 8 * 1024 * 1024,
  /** Largest file that is uploaded, unless the setting says otherwise. */
  uploadBytesMax: 16 * 1024 * 1024 * 1024,
  /** Most files of one request, and places in its operation for them. */
  filesPerRequestMax: 100,
  /** Most values in the JSON of one request; so many are parsed within about 50 ms. */
  jsonValuesMax: 200_000,
  /** How deep lists and objects in the JSON of one request may be nested. */
  jsonNestingMax: 200,
  /** Most lexical tokens of one document. */
  documentTokensMax: 10_000,
  /** How deep braces, brackets and parentheses of one document may be nested. */
  documentNestingMax: 200,
  /** How deep selections may be nested, fragments included. */
  documentDepthMax: 30,
  /** Most fields of one document, those of a fragment counted at each spread. */
  documentFieldsMax: 2_500,
  /** Most root fields of one document, aliases included. */
  documentRootFieldsMax: 100,
  /** Most pairs of fields of one name, and of fragments, side by side: validation compares them. */
  documentPairsMax: 5_000,
  /** Most objects that the lists of one operation may have, nested ones multiplied. */
  operationNodesMax: 100_000,
  /** The most that one operation may cost: objects, as above, and at least 1. */
  operationCostMax: 100_000,
  /** Fields of mutations that one client may run in a minute; 0 sets no limit. */
  mutationsPerMinuteMax: 0,
  /** What the operations of one client may cost in a minute, in sum; 0 sets no limit. */
  costPerMinuteMax: 0,
  /** Clients whose rates are known at a time; of more, those are forgotten that asked least lately. */
  clientsKnownMax: 100_000,
  /** Most values that a query or subscription hands over, such as those of filters; see input-size. */
  queryValuesMax: 10_000,
  /** Most values that a mutation hands over: 10,000 records with all fields have some 200,000. */
  writtenValuesMax: 200_000,
  /** Largest message over a WebSocket. */
  messageBytesMax: 1024 * 1024,
  /** How long an opened WebSocket may take to begin with `connection_init`. */
  connectionInitTimeMaxMs: 3_000,
  /** Operations under way on one WebSocket. */
  subscriptionsPerConnectionMax: 100,
  /** Answers of one WebSocket are made while those under way may be expected to be no larger. */
  connectionRoomBytes: 4 * 1024 * 1024,
  /** Most that may wait on one WebSocket, operations and answers; past it, the socket is closed. */
  connectionBacklogBytesMax: 64 * 1024 * 1024,
  /** Most that may wait on all connections together; past it, the one with most is closed. */
  backlogBytesMax: 256 * 1024 * 1024,
  /** Connections for subscriptions that one client, by its address, may have open. */
  connectionsPerClientMax: 1_000,
  /** Memory for answers to events, kept for subscribers that ask the same, as it is estimated. */
  sharedEventsBytesMax: 16 * 1024 * 1024,
  /** Memory for finished answers of queries, kept for whoever asks the same … */
  keptOperationsBytesMax: 64 * 1024 * 1024,
  /** … and how many of them there are at most. */
  keptOperationsMax: 10_000,
  /** Longest question whose answer is kept: its variables as JSON, in UTF-16 code units. */
  keptQuestionLengthMax: 16_384,
  /** Longest token, in characters. */
  tokenLengthMax: 8_192,
  /** How far clocks may be apart where a token's times are compared, in seconds. */
  tokenToleranceSeconds: 30,
  /** How long a token that was found good is not looked at again … */
  tokenKnownMs: 60_000,
  /** … and how many of them there are at most. */
  tokensKnownMax: 10_000,
  /** How long an issuer may take to give its keys … */
  keysTimeMaxMs: 5_000,
  /** … how soon it is asked again because of a key that nobody knows … */
  keysPauseMs: 30_000,
  /** … and after which time it is asked in any case. */
  keysAgeMaxMs: 600_000,
  /** Largest head of a request: its line, with all of a GET's question, and its headers. */
  headBytesMax: 16 * 1024,
  /** How long the head of a request may take to arrive, or a new connection to send one … */
  headTimeMaxMs: 20_000,
  /** … and how long all of it, unless it is an upload: the largest body that may be, over a line of 4 Mbit a second. */
  requestTimeMaxMs: 300_000,
  /** Bytes of an upload come as long as they may, if within so long … */
  uploadPaceMs: 60_000,
  /** … there are so many: a kilobyte a second. */
  uploadPaceBytesMin: 64 * 1024,
  /** How long the rest of a body still comes, to be thrown away, once its request is answered. */
  restTimeMaxMs: 30_000,
  /** How long a request that goes on with an upload may still take once another one asks to … */
  uploadDrainMs: 1_000,
  /** … and how long that one waits. */
  uploadLockTimeMaxMs: 15_000,
  /** How often it is looked for connections that took longer. */
  slowLookMs: 5_000,
  /** How long a connection is kept for another request: longer than proxies keep one, often 60 s. */
  idleTimeMaxMs: 65_000,
  /** How often a WebSocket's client is asked whether it still listens. */
  keepAliveMs: 12_000,
  /** How long the client of a WebSocket that is closed, or refused, may take to close its end. */
  closeTimeMaxMs: 2_000,
  /** How long a client may send and take nothing of what is under way once the server closes. */
  stillTimeMaxMs: 1_000,
  /** How long an answer over HTTP, or an event, may wait without its client taking any of it. */
  stalledTimeMaxMs: 30_000,
  /** Most ranges of one download; asked for more, it is sent as a whole. */
  rangesMax: 16,
  /** How long a signed URL of a download is good at least, in seconds; twice as long at most. */
  downloadUrlSeconds: 15 * 60,
} as const;
