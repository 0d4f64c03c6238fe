/** Where GraphiQL is switched off: whoever asks the endpoint for a page is told that there is none. */
import type { Plugin } from 'graphql-yoga';
import { wantsPage } from './use-answer-forms.ts';

export function useNoPage(): Plugin {
  let endpoint = '';
  return {
    onYogaInit({ yoga }) {
      endpoint = yoga.graphqlEndpoint;
    },
    onRequest({ request, url, endResponse, fetchAPI }) {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (!isRead || url.pathname !== endpoint || !wantsPage(request)) return;
      const body = request.method === 'HEAD' ? null : 'There is no page here. Accept JSON.\n';
      endResponse(new fetchAPI.Response(body, { status: 404 }));
    },
  };
}
