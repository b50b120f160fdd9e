import { Injectable } from '@nestjs/common';
import { OpenAiCompatibleProvider } from '../http/openai-compatible.provider.js';

/** TensorRT-LLM's `trtllm-serve`, which lists its one model and checks no key of its own. */
@Injectable()
export class TrtLlmProvider extends OpenAiCompatibleProvider {
  protected readonly engine = 'trt_llm';
  protected readonly keyVariables = ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'] as const;
}
