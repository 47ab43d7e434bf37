// IP addresses: the key by which calls of one network are counted, and ranges of addresses.

/** Longest name of a Worker's zone in a key, characters; a domain name has at most 253. */
const MAX_ZONE = 128;
/** 2a06:98c0:3600::103, from which the Workers of all other zones call. @see developers.cloudflare.com/fundamentals/reference/http-headers */
const WORKERS_OF_OTHER_ZONES = [0x2a06, 0x98c0, 0x3600, 0, 0, 0, 0, 0x103];

/**
 * The key by which calls from an address are counted: an IPv4 address, the /64 of an IPv6 address, which is what a provider assigns to
 * one customer, or the zone of the Worker that calls: the Workers of all other zones have one address.
 *
 * @param address value of `CF-Connecting-IP`; anything but exactly one address counts as unknown
 * @param worker  value of `CF-Worker`; read only for the address that Workers share
 * @returns `192.0.2.7`, `2001:db8:0:1::/64`, `worker:example.com`, or `unknown`, which all callers without an address share
 */
export function addressKey(address: string | null, worker: string | null = null): string {
  if (address === null || address.length > 45) return "unknown";
  if (isIPv4(address)) return address;
  const groups = parseIPv6(address);
  if (groups === undefined) return "unknown";
  if (WORKERS_OF_OTHER_ZONES.every((group, at) => groups[at] === group))
    return `worker:${(worker ?? "").trim().toLowerCase().slice(0, MAX_ZONE) || "unknown"}`;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join(".");
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** @returns whether `text` is exactly one IPv4 or IPv6 address (RFC 4291, section 2.2) */
export function isAddress(text: string): boolean {
  return text.length <= 45 && (isIPv4(text) || parseIPv6(text) !== undefined);
}

/** A range of addresses. An IPv4 range is written as a range of `::ffff:0:0/96`. */
export interface AddressRange {
  readonly groups: readonly number[]; // eight groups of 16 bits
  readonly bits: number; // length of the prefix, [0, 128]
}

/** @param text `10.0.0.0/8`, `2001:db8::/32` or a single address @returns undefined where it is none of these (RFC 4632, RFC 4291) */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const groups = groupsOf(address);
  if (groups === undefined || rest.length > 0) return undefined;
  const offset = isIPv4(address) ? 96 : 0;
  if (length !== undefined && !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const bits = length === undefined ? 128 : Number(length) + offset;
  return bits <= 128 ? { groups, bits } : undefined;
}

/** @param address value of `CF-Connecting-IP` */
export function isInRanges(address: string | null, ranges: readonly AddressRange[]): boolean {
  const groups = address === null || ranges.length === 0 ? undefined : groupsOf(address);
  if (groups === undefined) return false;
  return ranges.some((range) =>
    range.groups.every((group, index) => {
      const mask = 0xffff & ~(0xffff >> Math.max(0, Math.min(16, range.bits - 16 * index)));
      return (group & mask) === (groups[index]! & mask);
    }),
  );
}

/** @returns the groups of an address; those of `::ffff:a.b.c.d` for an IPv4 address */
function groupsOf(address: string): number[] | undefined {
  if (address.length > 45) return undefined;
  return parseIPv6(isIPv4(address) ? `::ffff:${address}` : address);
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

function isIPv4(text: string): boolean {
  return IPV4.test(text);
}

/** @returns eight 16-bit groups, or undefined where `text` is not an IPv6 address (RFC 4291, section 2.2) */
function parseIPv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!);
  const tail = halves.length === 2 ? parseGroups(halves[1]!) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && isIPv4(part)) {
      const [a, b, c, d] = part.split(".").map(Number) as [number, number, number, number];
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}
