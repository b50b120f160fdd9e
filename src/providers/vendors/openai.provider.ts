import { Injectable } from '@nestjs/common';
import { OpenAiCompatibleProvider } from '../http/openai-compatible.provider.js';

/** OpenAI itself, or any of its regional hosts. */
@Injectable()
export class OpenAiProvider extends OpenAiCompatibleProvider {
  protected readonly engine = 'openai';
  protected readonly keyVariables = ['OPENAI_API_KEY'] as const;
  protected override readonly defaultBaseUrl = 'https://api.openai.com/v1';
}
