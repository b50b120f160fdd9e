import { openAiCompatible } from '../http/openai-compatible.js';

/** vLLM, whose rows change at every request: `created` is the time of the request, and permissions have random ids. */
export const vllm = openAiCompatible({
  engine: 'vllm',
  exampleSettings: { MAIN_MODEL_BASE_URL: 'http://vllm:8000/v1' },
  keyVariables: ['VLLM_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
});
