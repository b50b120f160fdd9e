import { isIP } from 'node:net';
import { combine, defineRule, transformText, words } from './define-rule.js';

/** The addresses of a network; that of a single address has the longest prefix. */
export interface Network {
  readonly address: string;
  /** Bits that all addresses of the network share. */
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** IP addresses and networks such as 10.0.0.0/8, separated by commas; the value is an array of networks. */
export function IsNetworks(): PropertyDecorator {
  return combine(
    transformText((text) => words(text).map((word) => networkOf(word) ?? word)),
    defineRule(
      'isNetworks',
      'must be IP addresses or networks such as 10.0.0.0/8, separated by commas',
      (value) => Array.isArray(value) && value.every((each) => typeof each !== 'string'),
    ),
  );
}

function networkOf(text: string): Network | undefined {
  const [, address = '', length] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  const prefix = length === undefined ? longest : Number(length);
  return prefix > longest ? undefined : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
