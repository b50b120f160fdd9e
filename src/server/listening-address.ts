import type { AddressInfo } from 'node:net';

/** The address of a server that listens, as a URL; empty for one without a port. */
export function listeningAddress(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') return '';
  const { family, address: host, port } = address;
  return `http://${family === 'IPv6' ? `[${host}]` : host}:${String(port)}`;
}
