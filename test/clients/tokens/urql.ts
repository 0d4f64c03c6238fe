import type { Exchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import type { Tokens } from './tokens.ts';

/** Says who asks with everything that goes over HTTP. It stands before `fetchExchange`. */
export function withTokens(tokens: Tokens): Exchange {
  return authExchange(async ({ appendHeaders }) => {
    // Where none can be had yet, the first operation asks again, and says why it fails.
    let authorization = await tokens.authorization().catch(() => '');
    return {
      addAuthToOperation: (operation) => appendHeaders(operation, { authorization }),
      willAuthError: () => !tokens.isCurrent(authorization),
      // A feed whose token expires ends with status 200: it is not to be begun anew, but to go on.
      didAuthError: ({ response }) => response?.status === 401,
      async refreshAuth() {
        tokens.refuse(authorization);
        authorization = await tokens.authorization();
      },
    };
  });
}
