import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { Network } from '../config/rules/networks.js';

/** An address, with a port perhaps: `192.0.2.1:80`, `[2001:db8::1]:80`, `2001:db8::1`. */
const NODE = /^(?:\[([\da-f:.]+)\](?::\d+)?|([\d.]+)(?::\d+)?|([\da-f:]+(?:[\d.]+)?))$/i;
/** An IPv4 address as a socket for both families has it. */
const MAPPED = /^::ffff:(?=[\d.]+$)/i;
/** More proxies do not follow one another; a caller may send a header of any length. */
const MAX_HOPS = 32;

/**
 * Finds the address of a client; undefined for a connection that was closed before its address was read.
 * @param headers those of its request; none for input that is no request
 */
export type ClientAddressReader = (socket: Socket, headers?: IncomingHttpHeaders) => string | undefined;

/**
 * Makes the function that finds the address of a request's client.
 * @param trusted the proxies whose headers are believed
 */
export function clientAddressReader(trusted: readonly Network[]): ClientAddressReader {
  const proxies = new BlockList();
  for (const { address, prefix, family } of trusted) proxies.addSubnet(address, prefix, family);
  const isTrusted = (address: string): boolean =>
    proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  /** The last address before which there is no trusted proxy: what stands before it may be forged. */
  const origin = (sender: string, hops: readonly string[]): string => {
    let client = sender;
    for (const hop of hops) {
      if (!isTrusted(client)) break;
      const address = addressOf(hop);
      if (address === undefined) break;
      client = address;
    }
    return client;
  };
  return (socket, headers = {}) => {
    const sender = socket.remoteAddress?.replace(MAPPED, '');
    if (sender === undefined || trusted.length === 0 || !isTrusted(sender)) return sender;
    const { 'x-forwarded-for': list, forwarded } = headers;
    const claims: string[] = [];
    if (list !== undefined) claims.push(origin(sender, latestFirst([list].flat().join(',').split(','))));
    if (forwarded !== undefined) claims.push(origin(sender, latestFirst(forwardedFor(forwarded))));
    // A proxy writes one of the headers, and may pass on the other one as the client sent it.
    return new Set(claims).size === 1 ? claims[0] : sender;
  };
}

function latestFirst(hops: readonly string[]): string[] {
  return hops.slice(-MAX_HOPS).reverse();
}

/**
 * The `for` parameters of the elements of a `Forwarded` header; empty for an element without one.
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-4
 */
function forwardedFor(header: string): string[] {
  return header.split(',').map((element) => /(?:^|;)\s*for="?([^";,\s]*)"?/i.exec(element)?.[1] ?? '');
}

function addressOf(text: string): string | undefined {
  const [, bracketed, v4, v6] = NODE.exec(text.trim()) ?? [];
  const address = (bracketed ?? v4 ?? v6)?.replace(MAPPED, '');
  return address !== undefined && isIP(address) !== 0 ? address : undefined;
}
