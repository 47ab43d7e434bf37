// A prefix of paths that is another one at the upstream: paths of requests on the way there, and paths in responses on the way back.

/** Prefixes start and end with `/`, and are canonical. */
export interface PrefixRewrite {
  readonly from: string; // callers write this one
  readonly to: string; // the upstream reads this one
}

/**
 * What a caller could gain by the rest of a path becoming the beginning of another one: an empty first segment, which makes `//host`, and an
 * encoded separator, which some servers read as one. Segments of dots are refused in each path.
 *
 * @param path canonical, and below `from`
 * @returns what is wrong with it, in words for the caller; undefined for a path that may be rewritten
 */
export function rewriteProblem(path: string, { from }: PrefixRewrite): string | undefined {
  return /^(?:\/|%2f)/i.test(path.slice(from.length)) ? "path has an empty segment after its prefix" : undefined;
}

/** @param path canonical, below `from`, and without a problem */
export function rewritten(path: string, { from, to }: PrefixRewrite): string {
  return to + path.slice(from.length);
}

/** A place at which an upstream is reached: what its own URLs begin with. */
export interface UpstreamBase {
  readonly host: string; // with the port where it is not the default one; empty where it is not known
  readonly path: string; // path of its base URL, without a slash at the end
}

const DOTS = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * A `Location` or `Content-Location` with the prefix of callers in the place of the upstream's, where it is a path below that prefix, alone or in a
 * URL of the upstream. Everything else stays: other origins, other paths, relative references, which the client resolves itself.
 *
 * @param bases where the upstream is reached
 */
export function restoredLocation(value: string, rewrite: PrefixRewrite, bases: readonly UpstreamBase[]): string {
  const target = ownTarget(value, bases);
  if (target === undefined) return value;
  const [, path = "", rest = ""] = /^([^?#]*)(.*)$/s.exec(target) ?? [];
  const restored = DOTS.test(path) ? undefined : restoredPath(path, rewrite, bases, rewrite.from);
  return restored === undefined ? value : restored + rest;
}

/** A URL without a login. */
const ABSOLUTE = /^(https?):\/\/([A-Za-z0-9.:[\]-]+)((?:[/?#].*)?)$/is;

/** Path, query and fragment of a reference to the upstream; undefined for any other one. */
function ownTarget(value: string, bases: readonly UpstreamBase[]): string | undefined {
  if (/^\/(?![/\\])/.test(value)) return value;
  const [, scheme = "", host = "", rest = ""] = ABSOLUTE.exec(value) ?? [];
  const usual = scheme.toLowerCase() === "https" ? ":443" : ":80";
  const known = host.toLowerCase().replace(new RegExp(`${usual}$`), "");
  if (host === "" || !bases.some((base) => base.host === known)) return undefined;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** @param ofAll what stands for the prefix itself, without its last slash @returns undefined for a path that is not below the prefix */
function restoredPath(path: string, { from, to }: PrefixRewrite, bases: readonly UpstreamBase[], ofAll: string): string | undefined {
  const prefixes = [...new Set(bases.map((base) => base.path + to))].sort((one, other) => other.length - one.length);
  for (const prefix of prefixes) {
    if (path.startsWith(prefix)) return from + path.slice(prefix.length);
    if (prefix.length > 1 && path === prefix.slice(0, -1)) return ofAll;
  }
  return undefined;
}

/**
 * A `Set-Cookie` whose `Path` is that of callers. A cookie without one belongs to the path that the client has requested, and one with the prefix
 * `__Host-` has to have the path `/`: both stay as they are.
 */
export function restoredCookie(cookie: string, rewrite: PrefixRewrite, bases: readonly UpstreamBase[]): string {
  if (/^\s*__Host-/i.test(cookie)) return cookie;
  const [pair = "", ...attributes] = cookie.split(";");
  const ofAll = rewrite.from.length > 1 ? rewrite.from.slice(0, -1) : rewrite.from;
  const restored = attributes.map((attribute) => {
    const [, name, path] = /^(\s*path\s*=\s*)(\S*)\s*$/i.exec(attribute) ?? [];
    const own = path === undefined || DOTS.test(path) ? undefined : restoredPath(path, rewrite, bases, ofAll);
    return own === undefined ? attribute : name + own;
  });
  return [pair, ...restored].join(";");
}
