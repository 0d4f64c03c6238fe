/** How answers over HTTP say that the same request may succeed later. */

/** How long a client should wait at least, in seconds. */
const retryAfterSeconds = 1;

/** The status of such an answer, and headers to be copied: a Response writes more into those it is given. */
export const unavailable = {
  status: 503,
  headers: Object.freeze({ 'retry-after': String(retryAfterSeconds) }),
} as const;
