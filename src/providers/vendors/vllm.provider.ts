import { openAiCompatible } from '../http/openai-compatible.js';

/** vLLM, whose rows change at every request: `created` is the time of the request, and permissions have random ids. */
export const vllm = openAiCompatible({
  engine: 'vllm',
  keyVariables: ['VLLM_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
});
