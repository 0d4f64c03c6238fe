/** What is proven of a log, and told of it. */
export { runVerify, type VerifyOptions } from './verify-command.ts';
