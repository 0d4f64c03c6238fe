/** Why a command was not done, with a code for programs. */
export class Refusal<Code extends string = string> extends Error {
  readonly code: Code;
  /** What exactly, where it is more than one thing. */
  readonly issues: readonly string[];

  constructor(code: Code, message: string, issues: readonly string[] = []) {
    super(message);
    this.code = code;
    this.issues = issues;
  }
}
