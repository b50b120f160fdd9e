/** How long a test file may wait for the build, ms; the default of Jest is too short on a busy machine. */
export const BUILD_MS = 120_000;

/**
 * The service as it is shipped. All test files of a run share one build.
 * @returns the file that `node` runs
 */
export async function builtService(): Promise<string> {
  const response = await fetch(process.env['TEST_BUILD_URL'] ?? '');
  const body = await response.text();
  if (!response.ok) throw new Error(`The build failed: ${body}`);
  return body;
}
