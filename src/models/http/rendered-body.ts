import type { Footprint } from '../../cache/footprint.js';
import { entityTag } from '../../content/body.js';
import type { Body } from '../../content/body.js';
import type { Coding } from '../../content/content-coding.js';

/** A body that is rendered for callers. */
export interface RenderedBody extends Body {
  /** What else the answer says. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** That of the list which the body is kept with; undefined for a body that is made for each request. */
  readonly footprint?: Footprint;
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
  return { body, headers, etag: entityTag(body) };
}

/** The rendered body of bytes that a coding made. */
export function renderCoded(bytes: Buffer, coding: Coding): RenderedBody {
  // What zlib returns is a part of a larger buffer.
  const body = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(body);
  return { body, etag: entityTag(body), coding };
}

/** A body that is kept as long as its list. */
export function keptWith(footprint: Footprint, rendered: RenderedBody): RenderedBody {
  footprint.grow(renderedBytes(rendered));
  return { body: rendered.body, headers: rendered.headers, etag: rendered.etag, footprint };
}

/** The objects around the bytes. */
const OVERHEAD_BYTES = 400;

/** What a body takes in memory. */
export function renderedBytes({ body }: RenderedBody): number {
  return OVERHEAD_BYTES + body.length;
}
