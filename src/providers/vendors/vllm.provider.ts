import { Injectable } from '@nestjs/common';
import { OpenAiCompatibleProvider } from '../http/openai-compatible.provider.js';

/** vLLM, whose rows change at every request: `created` is now, and permissions have random ids. */
@Injectable()
export class VllmProvider extends OpenAiCompatibleProvider {
  protected readonly engine = 'vllm';
  protected readonly keyVariables = ['VLLM_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'] as const;
}
