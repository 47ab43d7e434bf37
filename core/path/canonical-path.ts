// The canonical path of a request: read from its URL once, in the form that routing, settings, cache and transcoding share.

export type CanonicalPath =
  | { readonly kind: "ok"; readonly path: string; readonly query: string }
  | { readonly kind: "invalid"; readonly problem: string };

/** Anything that needs a closer look: a character that RFC 3986 does not allow in a path, an escape, or a segment of dots. */
const NOT_PLAIN = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]|\/\.\.?(?:\/|$)/;
const PLAIN_AUTHORITY = /^[A-Za-z0-9.:[\]-]*$/;
const DOT_SEGMENT = /\/\.\.?(?:\/|$)/;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
const PATH_CHARACTER = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]$/;

/**
 * Reads path and query of a URL without resolving anything: a path that could be read in two ways is invalid. Segments of dots in the URL
 * of a request do not get here: the runtime resolves them, `%2E%2E` too, before a Worker sees the request (WHATWG URL, "path state"), so
 * that `/v1/users/../books/x` is a request for `/v1/books/x`.
 *
 * In the canonical path every escape is well-formed UTF-8 in upper-case hex, no escape encodes an unreserved character, and every
 * character that needs an escape has one. `%2F` and `%2f` stay as the caller wrote them, because http.proto passes them on "unchanged" in
 * variables of several segments.
 *
 * @param url an absolute URL, or a path that starts with `/`. One with a fragment is invalid: clients never send it (RFC 9112, section 3.2).
 * @returns `path` starts with `/`; `query` is raw, and empty or starts with `?`; or the problem, in words for the caller
 * @see RFC 3986, section 6.2.2
 */
export function canonicalPath(url: string): CanonicalPath {
  const start = url.startsWith("/") ? 0 : pathStart(url);
  if (start < 0) return invalid("url has no path");
  if (url.includes("#")) return invalid("url has a fragment");
  const mark = url.indexOf("?");
  const queryAt = mark < 0 ? url.length : mark;
  const path = queryAt > start ? url.slice(start, queryAt) : "/";
  const query = url.slice(queryAt);

  if (!NOT_PLAIN.test(path)) return { kind: "ok", path, query };
  return canonicalize(path, query);
}

function canonicalize(path: string, query: string): CanonicalPath {
  let canonical = "";
  for (let at = 0; at < path.length; ) {
    const character = path[at]!;
    const code = path.charCodeAt(at);
    if (character === "%") {
      const byte = hexByte(path, at + 1);
      if (byte === undefined) return invalid(`path has a malformed escape at ${at}`);
      const decoded = String.fromCharCode(byte);
      if (isRefused(byte)) return invalid(`path has ${nameOf(byte)} at ${at}`);
      const written = path.slice(at, at + 3);
      canonical += byte < 0x80 && UNRESERVED.test(decoded) ? decoded : byte === 0x2f ? written : written.toUpperCase();
      at += 3;
    } else if (code < 0x80) {
      if (isRefused(code)) return invalid(`path has ${nameOf(code)} at ${at}`);
      canonical += PATH_CHARACTER.test(character) ? character : encodeURIComponent(character);
      at += 1;
    } else {
      const point = String.fromCodePoint(path.codePointAt(at)!);
      if (!point.isWellFormed()) return invalid(`path has half a character at ${at}`);
      canonical += encodeURIComponent(point);
      at += point.length;
    }
  }
  if (DOT_SEGMENT.test(canonical)) return invalid("path has a segment of dots");
  if (!isUtf8(canonical)) return invalid("path has escapes that are not UTF-8");
  return { kind: "ok", path: canonical, query };
}

function invalid(problem: string): CanonicalPath {
  return { kind: "invalid", problem };
}

/** Where the authority of an absolute URL ends; -1 where there is none. */
function pathStart(url: string): number {
  const scheme = url.indexOf("://");
  if (scheme < 1) return -1;
  const slash = url.indexOf("/", scheme + 3);
  if (slash > 0 && PLAIN_AUTHORITY.test(url.slice(scheme + 3, slash))) return slash; // the usual case
  for (let at = scheme + 3; at < url.length; at++) {
    if (url[at] === "/" || url[at] === "\\") return at; // a slash after "?" or "#" starts no path: the path is empty then
  }
  return url.length;
}

/** Control characters, and the backslash, which some parsers read as a slash. */
function isRefused(code: number): boolean {
  return code < 0x20 || code === 0x7f || code === 0x5c;
}

function nameOf(code: number): string {
  return code === 0x5c ? "a backslash" : "a control character";
}

function hexByte(text: string, at: number): number | undefined {
  const hex = text.slice(at, at + 2);
  return /^[0-9A-Fa-f]{2}$/.test(hex) ? Number.parseInt(hex, 16) : undefined;
}

function isUtf8(escaped: string): boolean {
  try {
    decodeURIComponent(escaped);
    return true;
  } catch {
    return false;
  }
}
