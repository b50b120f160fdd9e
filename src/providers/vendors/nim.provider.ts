import { Injectable } from '@nestjs/common';
import { OpenAiCompatibleProvider } from '../http/openai-compatible.provider.js';

/** NVIDIA NIM: a container of one's own, or the hosted catalogue, which repeats ids. */
@Injectable()
export class NimProvider extends OpenAiCompatibleProvider {
  protected readonly engine = 'nim';
  protected readonly keyVariables = ['NVIDIA_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'] as const;
}
