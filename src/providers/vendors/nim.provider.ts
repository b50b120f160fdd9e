import { openAiCompatible } from '../http/openai-compatible.js';

/** NVIDIA NIM: a container of the operator's own, or the hosted catalogue, which repeats ids. */
export const nim = openAiCompatible({
  engine: 'nim',
  keyVariables: ['NVIDIA_API_KEY', 'MAIN_MODEL_API_KEY', 'OPENAI_API_KEY'],
});
