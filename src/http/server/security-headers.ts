/**
 * What every answer tells browsers, so that what it holds is taken for nothing else, and pages do no
 * more than they were written to. Strict-Transport-Security is not among it: who serves HTTPS, a
 * proxy in front, knows whether its name is to be asked by nothing else.
 */
import { createHash } from 'node:crypto';

/** For whatever is no page: should it ever be shown as one, it may load and run nothing. */
export const answerHeaders = {
  'x-content-type-options': 'nosniff',
  // The path of a GET is its question, which is nobody else’s business.
  'referrer-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** For pages, besides: apart from pages that opened them, and without what none of them needs. */
export const pageHeaders = {
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), usb=()',
} as const;

/** For pictures, should one be opened by itself: those of SVG style what they draw in place. */
export const picturePolicy = `${answerHeaders['content-security-policy']}; style-src 'unsafe-inline'`;

/** What a page may use besides what it loads from this server, as Content-Security-Policy has it. */
interface PageNeeds {
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
  readonly images?: readonly string[];
  readonly fonts?: readonly string[];
  readonly workers?: readonly string[];
}

/** The Content-Security-Policy of a page. */
export function pagePolicy({ scripts, styles, images, fonts, workers }: PageNeeds): string {
  const directive = (name: string, sources: readonly string[] | undefined) =>
    sources ? [`${name} 'self' ${sources.join(' ')}`] : [];
  return [
    "default-src 'self'",
    ...directive('script-src', scripts),
    ...directive('style-src', styles),
    ...directive('img-src', images),
    ...directive('font-src', fonts),
    ...directive('worker-src', workers),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The source that a policy names an inline script or style by. @param text between its tags. */
export function inlineSource(text: string): string {
  // As browsers read it: HTML knows one end of a line.
  const read = text.replace(/\r\n?/g, '\n');
  return `'sha256-${createHash('sha256').update(read).digest('base64')}'`;
}
