/** Uploads by the tus protocol: by its own client, and request by request. */
import { Upload, type UploadOptions } from 'tus-js-client';

/** What an upload came to, as its client tells it. */
export interface Told {
  readonly url: string;
  readonly status: number;
  readonly answer: {
    id: string;
    revision: number;
    size: number;
    sha256: string;
    downloadUrl: string;
  };
  readonly etag: string | undefined;
}

/** Uploads bytes as tus-js-client does. @throws its error. */
export function uploadByClient(
  bytes: Buffer,
  options: Partial<UploadOptions>,
  use: (upload: Upload) => void = () => {},
): Promise<Told> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      retryDelays: null,
      onError: reject,
      onSuccess: ({ lastResponse }) =>
        resolve({
          url: upload.url ?? '',
          status: lastResponse.getStatus(),
          answer: JSON.parse(lastResponse.getBody() || 'null'),
          etag: lastResponse.getHeader('etag'),
        }),
      ...options,
    });
    use(upload);
    upload.start();
  });
}

/** The status that a client was refused with. */
export function statusOf(error: unknown): number | undefined {
  return (error as { originalResponse?: { getStatus(): number } }).originalResponse?.getStatus();
}

/** Upload-Metadata of these names and values. */
export function metadataOf(said: Readonly<Record<string, string>>): string {
  return Object.entries(said)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',');
}

type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** The requests of tus, one by one. */
export class Tus {
  readonly #fetch: Fetch;
  /** What each request has besides. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(fetch: Fetch, headers: Readonly<Record<string, string>> = {}) {
    this.#fetch = fetch;
    this.headers = headers;
  }

  send(method: string, path: string, headers: object = {}, body?: BodyInit): Promise<Response> {
    const all = { 'tus-resumable': '1.0.0', ...this.headers, ...headers };
    const init = { method, headers: all, duplex: 'half', ...(body !== undefined && { body }) };
    return this.#fetch(path, init as RequestInit);
  }

  post(size: number, said: Readonly<Record<string, string>>, headers: object = {}) {
    const about = { 'upload-length': String(size), 'upload-metadata': metadataOf(said) };
    return this.send('POST', '/files/uploads', { ...about, ...headers });
  }

  /** Begins an upload that must be taken. @returns where it is. */
  async begin(size: number, said: Readonly<Record<string, string>>): Promise<string> {
    const answer = await this.post(size, said);
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    return answer.headers.get('location') as string;
  }

  patch(path: string, offset: number, body: BodyInit, headers: object = {}): Promise<Response> {
    const about = {
      'upload-offset': String(offset),
      'content-type': 'application/offset+octet-stream',
    };
    return this.send('PATCH', path, { ...about, ...headers }, body);
  }

  /** How many bytes an upload has; the status where it is refused. */
  async offset(path: string): Promise<number | string> {
    const { status, headers } = await this.send('HEAD', path);
    return status === 200 ? Number(headers.get('upload-offset')) : `${status}`;
  }
}
