/**
 * What the bytes of a file are said to be. They may be anybody's HTML, with scripts that would run in
 * this server's origin: browsers keep them, and what they do show may load and run nothing.
 */
import { extname } from 'node:path';
import { create as contentDisposition } from 'content-disposition';
import { lookup } from 'mime-types';
import type { StoredFile } from '../../resolvers/index.ts';
import { reprDigest } from '../server/digest-fields.ts';
import { formatHttpDate } from '../server/http-date.ts';
import type { Validators } from '../server/preconditions.ts';
import { answerHeaders } from '../server/security-headers.ts';

/**
 * Types that browsers show without running anything in them. HTML, SVG and XML are none, and neither is
 * PDF: its scripts and links are its viewer's business, and browsers' viewers refuse to work in a sandbox.
 */
const shownInline: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'text/plain',
]);

const sandbox = `sandbox; ${answerHeaders['content-security-policy']}`;

/**
 * The headers of a file as a whole.
 * @param inline whether it is to be shown; only a type that is safe to is.
 */
export function fileHeaders(stored: StoredFile, inline: boolean) {
  const type = mediaTypeOf(stored);
  const isShown = inline && shownInline.has(essenceOf(type));
  return {
    'content-type': isShown ? shownAs(type) : type,
    'content-length': String(stored.size),
    'repr-digest': reprDigest(stored.sha256),
    'accept-ranges': 'bytes',
    'content-disposition': contentDisposition(stored.filename, {
      type: isShown ? 'inline' : 'attachment',
    }),
    'content-security-policy': sandbox,
  };
}

/** What tells one version's bytes from another's. */
export function validatorsOf({ sha256, version }: StoredFile): Validators {
  const committedMs = version.committedAt / 1_000;
  // Commit time may run ahead of a clock that was set back, and no date may lie in the future.
  const lastModifiedMs = Math.floor(Math.min(committedMs, Date.now()) / 1_000) * 1_000;
  return { etag: `"${sha256}"`, lastModifiedMs };
}

/** The headers by which a client asks again. */
export function validatorHeaders({ etag, lastModifiedMs }: Validators) {
  return { etag, 'last-modified': formatHttpDate(lastModifiedMs) };
}

/** By what somebody said that it is, else by its name. */
function mediaTypeOf({ filetype, filename }: StoredFile): string {
  const said = filetype?.trim() ?? '';
  if (mediaTypePattern.test(said)) return said;
  const extension = extname(filename);
  const bySaid = /^\.?[\w+-]+$/.test(said) && lookup(said);
  return bySaid || (extension !== '' && lookup(extension)) || 'application/octet-stream';
}

/** A media type with parameters; a parameter's value in quotes is more than anybody needs here. */
const token = "[\\w!#$%&'*+.^`|~-]+";
const mediaTypePattern = new RegExp(`^${token}/${token}(?:[ \\t]*;[ \\t]*${token}=${token})*$`);

/** A media type without its parameters. */
function essenceOf(type: string): string {
  return (type.split(';', 1)[0] as string).trim().toLowerCase();
}

/**
 * Text that is saved is bytes, and nobody has said in which encoding. Where it is shown a browser has to
 * guess one, by the reader's language: UTF-8 is what the API reads and writes texts in.
 */
function shownAs(type: string): string {
  const isUnsaid = essenceOf(type) === 'text/plain' && !/;\s*charset=/i.test(type);
  return isUnsaid ? `${type}; charset=utf-8` : type;
}
