import { networkInterfaces } from 'node:os';

/** Whether this machine has an address of IPv6. */
export function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'));
}
