import { HttpException } from '@nestjs/common';
import { openAiError } from './openai-error.js';
import type { OpenAiError, OpenAiErrorBody } from './openai-error.js';

/** An error that this service raises itself; the caller receives its message. */
export class OpenAiException extends HttpException {
  readonly body: OpenAiErrorBody;

  constructor(status: number, message: string, fields: Partial<Omit<OpenAiError, 'message'>> = {}) {
    const body = openAiError(status, message, fields);
    super(body, status);
    this.message = message;
    this.body = body;
  }
}
