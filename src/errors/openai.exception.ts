import { HttpException } from '@nestjs/common';
import { openAiError } from './openai-error.js';
import type { OpenAiError } from './openai-error.js';

/** An error of this service's own making, whose message a caller may read. */
export class OpenAiException extends HttpException {
  constructor(status: number, message: string, fields: Partial<Omit<OpenAiError, 'message'>> = {}) {
    super(openAiError(status, message, fields), status);
    this.message = message;
  }
}
