/** How answers over HTTP say that the same request may succeed later. */

/** How long a client should wait at least, in seconds. */
const retryAfterSeconds = 1;

/** The status and headers of such an answer. */
export const unavailable = {
  status: 503,
  headers: { 'retry-after': String(retryAfterSeconds) },
} as const;
