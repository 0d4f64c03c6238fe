/** The ways in which it is known who asks. */
import type { BlockList } from 'node:net';
import type { Viewer } from '../../entities/index.ts';
import { holds } from '../server/address-blocks.ts';
import { type Asking, type Identity, isViewerId } from './known.ts';
import type { Tokens } from './tokens.ts';
import { unauthenticated } from './unauthenticated.ts';

/** Finds out who asks; null when nobody is known, who is then let in nowhere. */
export type ViewerOf = (asking: Asking) => Viewer | null | Promise<Viewer | null>;

/** Nobody is asked who they are. */
export const noIdentity: Identity = { headers: [], viewerOf: async () => null };

/** By a token, in the header Authorization or in what a WebSocket was begun with. */
export function byToken(tokens: Tokens): Identity {
  return {
    headers: ['authorization'],
    viewerOf: async (asking) => {
      const token = tokenOf(asking);
      if (token === null) {
        throw unauthenticated('A token is needed: Authorization: Bearer <token>.');
      }
      return await tokens.viewerOf(token);
    },
  };
}

/** By a header that a proxy sets, which has found out who it is. @param proxies who may say so. */
export function byHeader(name: string, proxies: BlockList): Identity {
  return {
    headers: [name],
    viewerOf: async ({ values, remoteAddress }) => {
      if (!remoteAddress || !holds(proxies, remoteAddress)) {
        throw unauthenticated('Trusted proxies alone tell who asks, and this address is none.');
      }
      const id = inUtf8(single(values(name), name) ?? '');
      if (!isViewerId(id)) throw unauthenticated(`The header ${name} must say who asks.`);
      return known({ id, roles: [], claims: {} });
    },
  };
}

/** By whoever embeds the application. @param viewerOf finds out who asks. */
export function byFunction(viewerOf: ViewerOf): Identity {
  // Whatever it looks at, caches have to know of.
  const headers = ['authorization', 'cookie'];
  return {
    headers,
    viewerOf: async (asking) => {
      const header = (name: string) => {
        const inSmall = name.toLowerCase();
        if (!headers.includes(inSmall)) headers.push(inSmall);
        return asking.header(inSmall);
      };
      const viewer = await viewerOf({ ...asking, header });
      if (!viewer) throw unauthenticated('It is not known who asks.');
      if (!isViewerId(viewer.id)) {
        throw new TypeError(
          'The id of a viewer must be a text of 1 to 256 well-formed characters.',
        );
      }
      // Who writes JavaScript may leave them out.
      const { id, roles = [], claims = {} } = viewer;
      return known({ id, roles, claims });
    },
  };
}

function known(viewer: Viewer) {
  return { viewer, untilMs: Number.POSITIVE_INFINITY };
}

/** What a WebSocket was begun with tells more of it than the request that opened it. */
function tokenOf({ values, connectionParams = {} }: Asking): string | null {
  const { authorization, Authorization = authorization } = connectionParams;
  const given = Authorization ?? single(values('authorization'), 'authorization');
  if (typeof given !== 'string') return null;
  const [, token] = /^Bearer +([^ ]+) *$/i.exec(given) ?? [];
  return token ?? null;
}

/** Of several, whoever stands between may have looked at another one. */
function single(values: readonly string[], name: string): string | null {
  if (values.length < 2) return values[0] ?? null;
  throw unauthenticated(`The header ${name} says who asks, and must not be repeated.`);
}

/** Node reads the bytes of headers as Latin-1; a name in any other letters is sent in UTF-8. */
function inUtf8(value: string): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return null;
  }
}
