/** How keys of OpenAI, Anthropic, OpenRouter and many others begin, and those of Hugging Face, which are letters only. */
const KEY_PREFIX = /(?<![a-z])(?:sk-[\w-]{8}|hf_[a-z\d]{20})/i;
/** Keys are random; the parts of a model's id are words, numbers and dates. */
const LONG_RUN = /[a-z\d]{20,}/gi;

/**
 * Whether a text, such as a segment of a path, looks like a key of some provider, or holds one: it begins like one, or
 * has a long run of letters and digits.
 */
export function looksLikeKey(text: string): boolean {
  return (
    KEY_PREFIX.test(text) || (text.match(LONG_RUN) ?? []).some((run) => /\d/.test(run) && /\D/.test(run))
  );
}
