/** Who asks: what a token says, or whoever authenticates in front. */
export interface Viewer {
  readonly id: string;
  readonly roles: readonly string[];
  /** Everything that the token claims, by name; nothing where there is no token. */
  readonly claims: Readonly<Record<string, unknown>>;
}
