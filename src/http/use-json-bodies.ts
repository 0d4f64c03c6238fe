/**
 * Takes POST bodies as JSON only. Forms and plain text can be sent by any web page to a server on
 * this machine without asking (CSRF); JSON cannot.
 */
import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { jsonRefusal, refuseLargeJson } from './json-size.ts';

const jsonTypes = ['application/json', 'application/graphql+json'];
/** Parameters of a GET that hold JSON; Yoga takes a broken one for a failure of its own. */
const jsonParameters = ['variables', 'extensions'];

export function useJsonBodies(): Plugin {
  return {
    onRequestParse({ request, url, setRequestParser, endResponse, fetchAPI }) {
      const refuse = (code: string, status: number, message: string) =>
        endResponse(
          fetchAPI.Response.json({ errors: [{ message, extensions: { code } }] }, { status }),
        );
      if (request.method !== 'POST') {
        const large = jsonParameters
          .map((name) => jsonRefusal(url.searchParams.get(name) ?? ''))
          .find((refusal) => refusal !== null);
        if (large) return refuse('BODY_TOO_LARGE', 413, large.message);
        const wrong = jsonParameters.find((name) => !isJson(url.searchParams.get(name)));
        if (wrong) refuse('BAD_REQUEST', 400, `The parameter ${wrong} must be JSON, but is not.`);
        return;
      }
      const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
      if (jsonTypes.includes(type)) return setRequestParser(readBody);
      const got = JSON.stringify(type.slice(0, 80));
      refuse('UNSUPPORTED_MEDIA_TYPE', 415, `The body must be application/json, but was ${got}.`);
    },
  };
}

async function readBody(request: Request): Promise<GraphQLParams> {
  const text = await request.text();
  await refuseLargeJson(text);
  const params = parse(text);
  if (typeof params === 'object' && params !== null) return params;
  throw badRequest(`The body must be a JSON object, but was ${JSON.stringify(params)}.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The body must be JSON, but is not.');
  }
}

function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

function isJson(text: string | null): boolean {
  try {
    JSON.parse(text || 'null');
    return true;
  } catch {
    return false;
  }
}
