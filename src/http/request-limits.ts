/** The limits of what a client may send, each with its unit. */
export const requestLimits = {
  /** Largest request body. */
  bodyBytesMax: 32 * 1024 * 1024,
  /** Most lexical tokens of one document. */
  documentTokensMax: 10_000,
  /** How deep braces, brackets and parentheses of one document may be nested. */
  documentNestingMax: 200,
  /** How deep selections may be nested, fragments included. */
  documentDepthMax: 30,
  /** Most fields of one document, those of a fragment counted at each spread. */
  documentFieldsMax: 5_000,
  /** Most root fields of one document, aliases included. */
  documentRootFieldsMax: 100,
  /** Most nodes that the page sizes of one operation allow, nested pages multiplied. */
  operationNodesMax: 100_000,
} as const;
