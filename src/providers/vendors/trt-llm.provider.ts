import { openAiCompatible } from '../http/openai-compatible.js';

/** TensorRT-LLM's `trtllm-serve`, which lists its one model and checks no key. */
export const trtLlm = openAiCompatible({
  engine: 'trt_llm',
  keyVariables: ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
});
