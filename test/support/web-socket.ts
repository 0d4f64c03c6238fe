/** Node 20 has no WebSocket of its own; clients look for the one that browsers have. */
import { WebSocket } from 'ws';

globalThis.WebSocket ??= WebSocket as never;
