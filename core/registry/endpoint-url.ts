// The URL of an endpoint that registers: whether the gateway may call it.
import { ambiguityOf } from "../path/ambiguous-path.ts";
import { canonicalPath } from "../path/canonical-path.ts";
import { isNativeGrpcUrl } from "../protocol/native-grpc.ts";
import { type HostKind, hostKind, reachProblem } from "./endpoint-host.ts";

/** The parts of a URL as the URL standard writes them. */
export interface UrlParts {
  readonly protocol: string; // `https:`
  readonly hostname: string; // lower case, in ASCII
  readonly port: string; // empty for the port of the protocol
}

export interface AddressRules {
  /** Whether the gateway runs elsewhere than on Cloudflare's network, so that it can call IP addresses and private networks. */
  readonly isLocal: boolean;
  /** Whether addresses of private networks and of this machine may be registered; in plain HTTP and at other ports, too. */
  readonly allowPrivate: boolean;
  /** Whether public IP addresses may be registered. */
  readonly allowIpAddresses: boolean;
  /** Whether public hosts may be called in plain HTTP. */
  readonly allowHttp: boolean;
  /** Ports of public hosts. */
  readonly allowPorts: readonly number[];
  /** Hosts of the gateway itself, as they were written: calls to an endpoint there would never end. Without a port, at any port. */
  readonly ownHosts: readonly string[];
  /** Whether the service is called in native gRPC. Cloudflare's edge speaks it only to https URLs at port 443. */
  readonly isNativeGrpc?: boolean;
  /** @returns undefined for what is no URL */
  readonly partsOf: (url: string) => UrlParts | undefined;
}

/** Longest URL, characters. */
export const MAX_URL_LENGTH = 2_048;
const HTTP_PORTS = [80, 8_080];
/** Ports above 1,023 of other protocols than HTTP, and of control planes that trust whoever reaches them. @see fetch.spec.whatwg.org, port blocking */
const NO_SERVICE_PORTS: ReadonlySet<number> = new Set([
  ...[1_433, 1_521, 1_719, 1_720, 1_723, 2_049, 2_375, 2_376, 2_379, 2_380, 3_306, 3_389, 3_659, 4_045, 4_190, 5_060, 5_061, 5_432, 5_900],
  ...[6_000, 6_379, 6_566, 6_665, 6_666, 6_667, 6_668, 6_669, 6_679, 6_697, 9_042, 10_080, 10_250, 11_211, 27_017],
]);

/** @returns what is wrong with the URL, and the fix; undefined where the gateway may call it */
export function problemOfUrl(url: string, rules: AddressRules): string | undefined {
  const hasForm = url.length <= MAX_URL_LENGTH && /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/.test(url);
  const parts = hasForm ? rules.partsOf(url) : undefined;
  if (parts === undefined || parts.hostname.includes("..") || !isPlainPath(url))
    return "write http(s)://host, with a port and a path if needed";
  const port = portOf(parts);
  if (isOwn(parts, port, rules)) return "this is the gateway itself; write the address of the server";
  if (rules.isNativeGrpc === true && !isNativeGrpcUrl(url)) return "write https:// and port 443, the service is called in native gRPC";
  const kind = hostKind(parts.hostname);
  return problemOfHost(kind, rules) ?? (kind === "private" ? problemOfPrivatePort(port, rules) : problemOfPublicPort(parts, port, rules));
}

function problemOfHost(kind: HostKind, { isLocal, allowPrivate, allowIpAddresses }: AddressRules): string | undefined {
  if (kind === "metadata") return "this is where a cloud gives its machines their credentials; write the address of the server";
  if (!isLocal) return reachProblem(kind);
  if (kind === "private" && !allowPrivate) return "this is an address of a private network; registry.allowPrivate allows it";
  if (kind === "address" && !allowIpAddresses) return "this is an IP address; registry.allowIpAddresses allows it";
  return undefined;
}

function problemOfPublicPort({ protocol }: UrlParts, port: number, { allowHttp, allowPorts }: AddressRules): string | undefined {
  const isHttp = protocol === "http:";
  if (isHttp && !allowHttp) return "write https://; registry.allowHttp allows plain HTTP";
  const allowed = isHttp ? [...HTTP_PORTS, ...allowPorts] : allowPorts;
  if (allowed.includes(port)) return undefined;
  return `port ${port} is not allowed; write one of ${allowed.join(", ")}, or add it to registry.allowPorts`;
}

/** In a private network, services listen at any port; those of other protocols are not for HTTP. */
function problemOfPrivatePort(port: number, { allowPorts }: AddressRules): string | undefined {
  if (port === 80 || port === 443 || allowPorts.includes(port) || (port >= 1_024 && !NO_SERVICE_PORTS.has(port))) return undefined;
  return `port ${port} is not for HTTP; add it to registry.allowPorts if a service listens there`;
}

function isOwn({ hostname }: UrlParts, port: number, { ownHosts, partsOf }: AddressRules): boolean {
  const name = hostname.replace(/\.$/, "");
  return ownHosts.some((own) => {
    const parts = partsOf(`https://${own}`);
    if (parts === undefined || parts.hostname.replace(/\.$/, "") !== name) return false;
    return !/:\d+$/.test(own) || portOf(parts) === port;
  });
}

function portOf({ protocol, port }: UrlParts): number {
  return port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
}

/** The paths of methods are appended to it, so that all servers have to read it alike. */
function isPlainPath(url: string): boolean {
  const read = canonicalPath(url);
  const start = url.indexOf("/", "https://".length);
  return read.kind === "ok" && (start < 0 || read.path === url.slice(start)) && ambiguityOf(read.path) === undefined;
}
