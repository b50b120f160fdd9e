import { openAiCompatible } from '../http/openai-compatible.js';

/** TensorRT-LLM's `trtllm-serve`, which lists its one model and checks no key. */
export const trtLlm = openAiCompatible({
  engine: 'trt_llm',
  exampleSettings: { MAIN_MODEL_BASE_URL: 'http://trtllm:8000/v1' },
  keyVariables: ['MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
});
