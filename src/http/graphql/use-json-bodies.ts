/** Takes operations as JSON: the body of a POST, and two parameters of a GET. */
import type { Plugin } from 'graphql-yoga';
import { refusal } from './errors.ts';
import { readJsonBody, refuseOtherBodies } from './json-body.ts';
import { jsonRefusal } from './json-size.ts';
import { isMultipart } from './use-multipart.ts';

/** Parameters of a GET that hold JSON; Yoga takes a broken one for a failure of its own. */
const jsonParameters = ['variables', 'extensions'];

export function useJsonBodies(): Plugin {
  return {
    onRequestParse({ request, url, setRequestParser }) {
      if (request.method === 'POST') {
        if (isMultipart(request)) return;
        refuseOtherBodies(request.headers);
        setRequestParser(readJsonBody);
        return;
      }
      for (const name of jsonParameters) {
        const text = url.searchParams.get(name) ?? '';
        const refused = jsonRefusal(text);
        if (refused) throw refused;
        if (isJson(text)) continue;
        throw refusal('BAD_REQUEST', 400, `The parameter ${name} must be JSON, but is not.`);
      }
    },
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text || 'null');
    return true;
  } catch {
    return false;
  }
}
