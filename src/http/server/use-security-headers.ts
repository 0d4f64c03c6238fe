/** Gives every answer of the application the headers of its kind; what it has already stays. */
import type { Plugin } from 'graphql-yoga';
import { answerHeaders, pageHeaders } from './security-headers.ts';

const headersOf = {
  answer: Object.entries(answerHeaders),
  page: Object.entries({ ...answerHeaders, ...pageHeaders }),
};

/** @param graphiqlPolicy the policy of GraphiQL’s page, which Yoga answers with no header of ours. */
export function useSecurityHeaders(graphiqlPolicy: () => string | null): Plugin {
  return {
    onResponse({ response: { headers } }) {
      const isPage = headers.get('content-type')?.startsWith('text/html') ?? false;
      if (isPage && !headers.has('content-security-policy')) {
        const policy = graphiqlPolicy();
        if (policy !== null) headers.set('content-security-policy', policy);
      }
      for (const [name, value] of isPage ? headersOf.page : headersOf.answer) {
        if (!headers.has(name)) headers.set(name, value);
      }
    },
  };
}
