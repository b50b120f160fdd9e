import { createHash } from 'node:crypto';

/** A body as it goes out, and its validator. */
export interface RenderedBody {
  readonly body: Buffer;
  /** A strong entity tag (RFC 9110, section 8.8.3): equal only for equal bytes. */
  readonly etag: string;
}

/** The rendered body of a JSON value. */
export function renderJson(value: unknown): RenderedBody {
  return renderText(JSON.stringify(value));
}

/** The rendered body of text that is JSON already. */
export function renderText(json: string): RenderedBody {
  const body = Buffer.from(json);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
