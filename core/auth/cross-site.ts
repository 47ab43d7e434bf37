// Whether a request comes from a web page of another origin, by what browsers say about it. Other clients say nothing.

/**
 * @param fetchSite value of `Sec-Fetch-Site`, which a page cannot write; older browsers send none
 * @param origin    value of `Origin`
 * @param host      host and port at which the request has arrived. The scheme is not compared: something in front may end TLS.
 * @see W3C Fetch Metadata Request Headers, section 2.2; RFC 6454, section 7
 */
export function isCrossSite(fetchSite: string | null, origin: string | null, host: string): boolean {
  if (fetchSite !== null) return fetchSite !== "same-origin" && fetchSite !== "none";
  return origin !== null && origin.replace(/^https?:\/\//i, "").toLowerCase() !== host.toLowerCase();
}
