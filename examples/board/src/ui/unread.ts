/** Why something could not be read, for people. */
import type { CombinedError } from 'urql';

export function whyUnread(error: CombinedError): string {
  if (error.networkError) return 'the server does not answer.';
  return error.graphQLErrors.map(({ message }) => message).join(' ');
}
