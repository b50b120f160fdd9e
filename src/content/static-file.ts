import type { FastifyReply, FastifyRequest } from 'fastify';
import { acceptedCoding } from './accept-encoding.js';
import { entityTag, sendBody } from './body.js';
import type { Body } from './body.js';
import { CODINGS } from './content-coding.js';
import type { Coding } from './content-coding.js';

/** Smaller bodies fit into one packet as they are. */
const MIN_COMPRESSED_BYTES = 1024;

/** What a file contains. */
export interface FileContent {
  /** The media type, with its charset. */
  readonly contentType: string;
  readonly body: Buffer;
  /** What else its answers say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A file that costs nothing before its first request: it is made then, and so is each compressed form of it. */
export class StaticFile {
  private content: Promise<FileContent> | undefined;
  private readonly forms = new Map<Coding | undefined, Promise<Body>>();

  /**
   * @param make makes the content, once unless it fails
   * @param vary the headers of requests, besides `Accept-Encoding`, that decide between this file and another one
   */
  constructor(
    private readonly make: () => FileContent | Promise<FileContent>,
    private readonly vary: readonly string[] = [],
  ) {}

  /**
   * Answers a request with the file, or with 304 where the client has it.
   * @throws what `make` throws
   */
  async send(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const content = await (this.content ??= this.forgetFailure(Promise.resolve().then(this.make)));
    const { coding, isRequired } = acceptedCoding(request.headers['accept-encoding']);
    const isCompressed = isRequired || content.body.length >= MIN_COMPRESSED_BYTES;
    const form = await this.formOf(content, isCompressed ? coding : undefined);
    if (content.headers !== undefined) void reply.headers(content.headers);
    // Browsers keep the file, and ask whether it has changed: a new version has the same URL.
    void reply
      .header('cache-control', 'no-cache')
      .header('vary', [...this.vary, 'accept-encoding'].join(', '));
    sendBody(request, reply, form, content.contentType);
    return reply;
  }

  private formOf({ body }: FileContent, coding: Coding | undefined): Promise<Body> {
    let form = this.forms.get(coding);
    if (form === undefined) {
      form = coded(body, coding);
      this.forms.set(coding, form);
    }
    return form;
  }

  /** The next request tries again. */
  private forgetFailure(content: Promise<FileContent>): Promise<FileContent> {
    content.catch(() => {
      this.content = undefined;
    });
    return content;
  }
}

async function coded(body: Buffer, coding: Coding | undefined): Promise<Body> {
  const compress = coding && CODINGS.get(coding);
  const bytes = compress === undefined ? body : await compress(body, true);
  return { body: bytes, etag: entityTag(bytes), coding };
}
