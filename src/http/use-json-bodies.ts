/**
 * Takes POST bodies as JSON only. Forms and plain text can be sent by any web page to a server on
 * this machine without asking (CSRF); JSON cannot.
 */
import type { Plugin } from 'graphql-yoga';

const jsonTypes = ['application/json', 'application/graphql+json'];
/** Parameters of a GET that hold JSON; Yoga takes a broken one for a failure of its own. */
const jsonParameters = ['variables', 'extensions'];

export function useJsonBodies(): Plugin {
  return {
    onRequestParse({ request, url, endResponse, fetchAPI }) {
      const refuse = (code: string, status: number, message: string) =>
        endResponse(
          fetchAPI.Response.json({ errors: [{ message, extensions: { code } }] }, { status }),
        );
      if (request.method !== 'POST') {
        const wrong = jsonParameters.find((name) => !isJson(url.searchParams.get(name)));
        if (wrong) refuse('BAD_REQUEST', 400, `The parameter ${wrong} must be JSON, but is not.`);
        return;
      }
      const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
      if (jsonTypes.includes(type)) return;
      const got = JSON.stringify(type.slice(0, 80));
      refuse('UNSUPPORTED_MEDIA_TYPE', 415, `The body must be application/json, but was ${got}.`);
    },
  };
}

function isJson(text: string | null): boolean {
  try {
    JSON.parse(text || 'null');
    return true;
  } catch {
    return false;
  }
}
