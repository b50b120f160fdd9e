import { BlockList, isIP } from 'node:net';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * What a proxy cannot reach, or must not: link-local addresses, and those at which clouds hand out credentials.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 * @see https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
 */
const NEVER = '169.254.0.0/16,fe80::/10,fd00:ec2::/32,100.100.100.200,metadata.google.internal,metadata.goog';

/** A domain with its subdomains, and a port if only that one is meant. */
interface Domain {
  readonly name: string;
  readonly port: string | undefined;
}

/**
 * Decides which URLs are asked without a proxy.
 * @param list that of `NO_PROXY`: domains, which stand for their subdomains too, with or without a dot or `*.` in
 * front; addresses; networks as `10.0.0.0/8`; each with or without a port; `*` for everything. What is none of these is
 * ignored, as other programs do.
 */
export function bypass(list: string): (url: URL) => boolean {
  const never = matcher(NEVER);
  const others = matcher(list);
  return (url) => never(url) || others(url);
}

function matcher(list: string): (url: URL) => boolean {
  const entries = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  if (entries.includes('*')) return () => true;
  const networks = new BlockList();
  const domains: Domain[] = [];
  for (const entry of entries) if (!addNetwork(networks, entry)) domains.push(domainOf(entry));
  return ({ protocol, hostname, port }) => {
    const host = hostname.toLowerCase().replace(/^\[(.*)\]$|\.$/, '$1');
    const usedPort = port || DEFAULT_PORTS[protocol];
    const version = isIP(host);
    if (version !== 0 && networks.check(host, version === 6 ? 'ipv6' : 'ipv4')) return true;
    return domains.some(
      ({ name, port: only }) =>
        (only === undefined || only === usedPort) && (host === name || host.endsWith(`.${name}`)),
    );
  };
}

/** Adds an address or a network; false for another entry. */
function addNetwork(networks: BlockList, entry: string): boolean {
  const [, address = '', prefix] = /^\[?([\da-f.:]+)\]?(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const version = isIP(address);
  if (version === 0) return false;
  const bits = version === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return false;
  networks.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  return true;
}

function domainOf(entry: string): Domain {
  const [, host = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { name: host.replace(/^\[(.*)\]$/, '$1').replace(/^\*?\./, ''), port };
}
