/**
 * Takes POST bodies as JSON only. Forms and plain text can be sent by any web page to a server on
 * this machine without asking (CSRF); JSON cannot.
 */
import type { Plugin } from 'graphql-yoga';

const jsonTypes = ['application/json', 'application/graphql+json'];

export function useJsonBodies(): Plugin {
  return {
    onRequestParse({ request, endResponse, fetchAPI }) {
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
      if (jsonTypes.includes(type)) return;
      const message = `The body must be application/json, but was ${JSON.stringify(type.slice(0, 80))}.`;
      const errors = [{ message, extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }];
      endResponse(fetchAPI.Response.json({ errors }, { status: 415 }));
    },
  };
}
