import { createHash } from 'node:crypto';

/** A body as it goes out, and its validator. */
export interface RenderedBody {
  readonly body: Buffer;
  /** A strong entity tag (RFC 9110, section 8.8.3): equal only for equal bytes. */
  readonly etag: string;
  /** What else the answer says. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The rendered body of a JSON value. */
export function renderJson(value: unknown, headers?: RenderedBody['headers']): RenderedBody {
  return renderText(JSON.stringify(value), headers);
}

/** The rendered body of text that is JSON already. */
export function renderText(json: string, headers?: RenderedBody['headers']): RenderedBody {
  // Not out of Node.js' pool: a small body that is kept would keep eight KiB.
  const body = Buffer.allocUnsafeSlow(Buffer.byteLength(json));
  body.write(json);
  return { body, headers, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}

/** The objects around the bytes. */
const OVERHEAD_BYTES = 400;

/** What a body takes in memory. */
export function renderedBytes({ body }: RenderedBody): number {
  return OVERHEAD_BYTES + body.length;
}
