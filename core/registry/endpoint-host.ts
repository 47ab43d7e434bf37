// What the host of an endpoint is, judged by its text alone: a public name, a public address, or something of a private network.
import { type AddressRange, isInRanges, parseAddressRange } from "../ip.ts";

/**
 * `name`: a host name that may be public. `address`: a public IP address. `private`: an address that is not for the public network, or a
 * name that by convention leads to one. `metadata`: where a cloud gives its machines their credentials.
 */
export type HostKind = "name" | "address" | "private" | "metadata";

const ranges = (...texts: readonly string[]): readonly AddressRange[] => texts.map((text) => parseAddressRange(text)!);

/** Special-purpose addresses. @see RFC 6890 and the IANA registries that it defines; RFC 6666, RFC 8155, RFC 9602, RFC 9637 */
const SPECIAL_IPV4 = ranges(
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"],
  ...["192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24"],
  ...["203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
);
/** Those of IPv6, and every range with an IPv4 address inside: mapped, translated, compatible, NAT64, Teredo, 6to4. */
const SPECIAL_IPV6 = ranges(
  ...["::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23"],
  ...["2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
);
const METADATA_ADDRESSES = ranges("169.254.0.0/16", "168.63.129.16", "100.100.100.200", "fd00:ec2::/32", "fd20:ce::254", "fe80::/10");
const METADATA_NAMES: ReadonlySet<string> = new Set([
  ...["metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal"],
  ...["metadata.packet.net", "metadata.platformequinix.com", "metadata.tencentyun.com", "rancher-metadata"],
]);

/** Last labels of names that no public DNS has. @see RFC 6761, RFC 6762, RFC 8375, RFC 9476 (appendix G of RFC 6762 for the customary ones) */
const LOCAL_DOMAINS: ReadonlySet<string> = new Set([
  ...["localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "test", "arpa", "alt", "onion"],
  ...["svc", "pod", "cluster", "default", "docker", "consul", "workgroup", "router"],
]);
/** Public domains whose names lead to this machine, or to the address that the name contains. */
const LOOPBACK_DOMAINS = [
  ...[
    "nip.io",
    "sslip.io",
    "xip.io",
    "xip.name",
    "backname.io",
    "nip.direct",
    "plex.direct",
    "ip6.name",
    "1u.ms",
    "rbndr.us",
    "rebind.network",
  ],
  ...["localtest.me", "lvh.me", "vcap.me", "lacolhost.com", "localho.st", "fuf.me", "fbi.com", "yoogle.com", "smackaho.st", "42foo.com"],
  ...["traefik.me", "local.gd", "localhost.direct", "vagrant.dev", "domaincontrol.dev", "127-0-0-1.org.uk"],
];
/** A top-level domain: letters, or the ASCII form of an international one. */
const TOP_LEVEL = /^(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;
/** Four numbers with dots or hyphens between, as in `ip-10-0-0-1.example.com`. */
const ADDRESS_IN_NAME = /(?<![0-9])(\d{1,3})([.-])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?![0-9])/g;

/** The variable that says that the gateway runs elsewhere than on Cloudflare's network. `npm start` sets it; a deployed Worker never has it. */
export const LOCAL_VARIABLE = "TIDEGATE_LOCAL";

const INSTEAD = "write a public host name, or list it in endpoints as { binding, url } with the binding of a VPC service";

/**
 * Cloudflare's network refuses calls to IP addresses, and leads to no private network.
 *
 * @returns why a Worker on that network cannot call the host, and the fix; undefined for a name that may be public
 */
export function reachProblem(kind: HostKind): string | undefined {
  if (kind === "name") return undefined;
  const reason = kind === "address" ? "refuses calls to IP addresses (error 1003)" : "does not lead to private networks";
  return `Cloudflare's network ${reason}: ${INSTEAD}; a gateway that runs elsewhere has the variable ${LOCAL_VARIABLE}=true, which npm start sets`;
}

/**
 * The addresses behind a public name are not known here; on Cloudflare a Worker cannot reach private networks anyway.
 *
 * @param hostname as the URL standard writes it: `0x7f.1` is `127.0.0.1` already, and letters are lower case
 */
export function hostKind(hostname: string): HostKind {
  if (hostname.startsWith("[")) {
    const address = hostname.slice(1, -1);
    if (isInRanges(address, METADATA_ADDRESSES)) return "metadata";
    return isInRanges(address, SPECIAL_IPV6) ? "private" : "address";
  }
  if (/^[\d.]+$/.test(hostname)) {
    if (isInRanges(hostname, METADATA_ADDRESSES)) return "metadata";
    return isInRanges(hostname, SPECIAL_IPV4) ? "private" : "address";
  }
  const name = hostname.replace(/\.$/, "");
  if (METADATA_NAMES.has(name)) return "metadata";
  return isLocalName(name) ? "private" : "name";
}

function isLocalName(name: string): boolean {
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (last === name || LOCAL_DOMAINS.has(last) || !TOP_LEVEL.test(last)) return true;
  if (LOOPBACK_DOMAINS.some((domain) => name === domain || name.endsWith(`.${domain}`))) return true;
  for (const [, a, , b, c, d] of name.matchAll(ADDRESS_IN_NAME)) {
    if (isInRanges([a, b, c, d].map(Number).join("."), SPECIAL_IPV4)) return true;
  }
  return false;
}
