/** The service cannot listen; the message names the variable to change, and does not repeat `HOST`. */
export class ListenError extends Error {
  constructor(code: string, reason: string) {
    super(`The service cannot listen: ${reason} (${code}).`);
    this.name = 'ListenError';
  }
}

/**
 * Explains an error of the operating system.
 * @param metricsPort the port that serves metrics alone
 * @returns a `ListenError`, or the same error if it has another cause
 */
export function explainListenError(error: unknown, metricsPort: number | undefined): unknown {
  if (!isSystemError(error)) return error;
  const { code, syscall, port } = error;
  if (syscall === 'getaddrinfo') return new ListenError(code, 'HOST cannot be resolved to an address');
  if (syscall !== 'listen') return error;
  const variable = port !== undefined && port === metricsPort ? 'METRICS_PORT' : 'PORT';
  return new ListenError(code, reasonOf(code, `${variable} ${String(port)}`));
}

function reasonOf(code: string, port: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `${port} is in use by another process`;
    case 'EACCES':
      return `${port} is not allowed for this user; ports from 1024 on usually are`;
    case 'EADDRNOTAVAIL':
      return 'HOST is not an address of this machine';
    case 'EAFNOSUPPORT':
      return 'HOST is an IPv6 address, and this machine has no IPv6';
    case 'EINVAL':
      return 'HOST needs the name of its network interface, as in fe80::1%eth0';
    default:
      return `HOST and ${port} cannot be used`;
  }
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly port?: number;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}
