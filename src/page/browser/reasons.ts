/** What the codes of missing providers mean, without the word that most of them begin with. */
const REASONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    timeout: 'gave no answer in time',
    unreachable: 'cannot be reached',
    error: 'answered with an error',
    invalid_response: 'gave something that is no list',
    401: 'refused the key',
    403: 'refused the key',
    404: 'has no list at this URL',
    429: 'limits the rate of requests',
    provider_not_configured: 'is not configured completely',
    overloaded: 'has too many requests waiting',
    inference_profiles: 'lacks its inference profiles',
  }),
);

/** Why a provider is missing, behind its name. */
export function reasonOf(code: string): string {
  const cause = code.replace('upstream_', '');
  return REASONS.get(cause) ?? (/^\d+$/.test(cause) ? `answered with HTTP ${cause}` : 'gave no list');
}
