// What a browser gets at `/` where the configuration serves nothing there: the way to the reference.

const PAGE_TYPE = /(?:^|,)\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;([^,]*))?(?=,|$)/i;
const REFUSED = /(?:^|;)\s*q=0(?:\.0{0,3})?\s*(?:;|$)/i;

/** Whether the caller lists HTML among the types that it accepts, as browsers do. API clients send a wildcard or their own type: they get the error. */
export function wantsPage({ method, headers }: Request): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  const listed = PAGE_TYPE.exec(headers.get("accept") ?? "");
  return listed !== null && !REFUSED.test(listed[1] ?? "");
}

/** Temporary, and stored nowhere: the operator may serve something at `/` tomorrow. */
export function redirectToReference(): Response {
  return new Response(null, { status: 302, headers: { location: "/docs/", vary: "accept", "cache-control": "no-store" } });
}
