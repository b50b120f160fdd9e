import { once } from 'node:events';
import { createServer } from 'node:net';

/** All addresses of this machine, those of IPv4 too. */
const ALL = '::';

/**
 * The address that stands for all of this machine; for those of IPv4 alone where the kernel has no IPv6.
 * @param all the one that is tried
 */
export async function anyAddress(all = ALL): Promise<string> {
  const probe = createServer().listen(0, all);
  try {
    await once(probe, 'listening');
    return all;
  } catch {
    return '0.0.0.0';
  } finally {
    probe.close();
  }
}
