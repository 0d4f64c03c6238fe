/** What is proven of a log, and told of it. */

export { checkProof } from './proof-check.ts';
export { type ProveOptions, runProve } from './prove-command.ts';
export { runVerify, type VerifyOptions } from './verify-command.ts';
