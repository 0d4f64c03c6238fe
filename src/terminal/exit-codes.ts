/** What commands end with. */
export const exitCodes = {
  /** It is done, or there was nothing to do; what was looked at is sound. */
  done: 0,
  /** It was refused, or failed: nothing is known that was not before. */
  failed: 1,
  /** What was looked at is not as it should be. */
  unsound: 2,
  /** What a shell reports of a program that Ctrl-C ended. */
  interrupted: 130,
} as const;
