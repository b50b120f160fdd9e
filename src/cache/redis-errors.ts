/** What sentinels reply to a name that is not theirs. */
const UNKNOWN_NAME = 'ERR No such master with that name';

/** The error itself: the library wraps some in others, or in texts. */
export function errorOf(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  return thrown.cause instanceof Error ? thrown.cause : thrown;
}

/** The kind of an error that a server has replied, such as READONLY; undefined for any other error. */
export function replyKind({ message }: Error): string | undefined {
  return /^[A-Z]+(?= )/.exec(message)?.[0];
}

/** Whether a server refuses the user, the password, or what they may do. */
export function isSignInRefusal(error: Error): boolean {
  return /^(WRONGPASS|NOAUTH|NOPERM)$/.test(replyKind(error) ?? '');
}

/** What the log says of an error. Of a reply only its kind: the rest may repeat what was sent, passwords included. */
export function reasonOf(error: Error): string {
  const { message, code } = error as NodeJS.ErrnoException;
  if (message === UNKNOWN_NAME) return message;
  // For a host with several addresses, the error has a code and no message.
  return replyKind(error) ?? (message || (code ?? 'unknown error'));
}
