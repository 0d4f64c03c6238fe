/** Takes operations as JSON: the body of a POST, and two parameters of a GET. */
import type { Plugin } from 'graphql-yoga';
import { refusal } from './errors.ts';
import { readJsonBody, refuseOtherBodies } from './json-body.ts';

/** Parameters of a GET that hold JSON; Yoga takes a broken one for a failure of its own. */
const jsonParameters = ['variables', 'extensions'];

export function useJsonBodies(): Plugin {
  return {
    onRequestParse({ request, url, setRequestParser }) {
      if (request.method === 'POST') {
        refuseOtherBodies(request.headers);
        setRequestParser(readJsonBody);
        return;
      }
      const wrong = jsonParameters.find((name) => !isJson(url.searchParams.get(name)));
      if (!wrong) return;
      throw refusal('BAD_REQUEST', 400, `The parameter ${wrong} must be JSON, but is not.`);
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
