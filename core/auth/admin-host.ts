// Whether a request has arrived at the host of the admin plane.

const USUAL_PORTS: Readonly<Record<string, string>> = { "http:": ":80", "https:": ":443" };

/**
 * Reads no more than the start of the URL: it is called for each request.
 *
 * @param url  as `Request.url` has it: scheme and host in lower case, no user, no usual port
 * @param host of `admin.host`, in lower case; one without a port stands for all ports
 */
export function isAtHost(url: string, host: string): boolean {
  const start = url.indexOf("//") + 2;
  const end = url.indexOf("/", start);
  const authority = url.slice(start, end < 0 ? undefined : end);
  if (authority === host) return true;
  const port = authority.lastIndexOf(":");
  if (port < 0) return `${authority}${USUAL_PORTS[url.slice(0, start - 2)] ?? ""}` === host;
  return authority.slice(0, port) === host;
}
