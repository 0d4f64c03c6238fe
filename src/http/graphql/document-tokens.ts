/**
 * How long a document is and how deeply it is nested, told from its tokens alone: graphql-js parses
 * by recursion, so a document must be known to be shallow before it is parsed.
 */
import { Lexer, Source, TokenKind } from 'graphql';

export interface TokenMeasure {
  readonly tokens: number;
  /** Levels of braces, brackets and parentheses. */
  readonly nesting: number;
}

const opening: readonly string[] = [TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L];
const closing: readonly string[] = [TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R];

/**
 * Counts until the end, or until there are more tokens than may be.
 * @throws GraphQLError where the text is no GraphQL, as parsing it does.
 */
export function measureTokens(document: string | Source, tokensMax: number): TokenMeasure {
  const lexer = new Lexer(typeof document === 'string' ? new Source(document) : document);
  let [tokens, level, nesting] = [0, 0, 0];
  while (tokens <= tokensMax && lexer.advance().kind !== TokenKind.EOF) {
    tokens += 1;
    if (opening.includes(lexer.token.kind)) level += 1;
    if (closing.includes(lexer.token.kind)) level -= 1;
    nesting = Math.max(nesting, level);
  }
  return { tokens, nesting };
}
