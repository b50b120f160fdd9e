import { openAiCompatible } from '../http/openai-compatible.js';

/** OpenAI itself, or any of its regional hosts. */
export const openai = openAiCompatible({
  engine: 'openai',
  defaultBaseUrl: 'https://api.openai.com/v1',
  keyVariables: ['OPENAI_API_KEY'],
});
