// The refusal of a limit, as a constant: the body of the request is read, so that its connection stays open.
const BODY = JSON.stringify({ code: "resource_exhausted", message: "rate limit exceeded; retry in 3600 s" });
const HEADERS = {
  "content-type": "application/json",
  "ratelimit-policy": '"once";q=1;w=3600',
  ratelimit: '"once";r=0;t=3600',
  "retry-after": "3600",
  "x-content-type-options": "nosniff",
  "x-request-id": "8efc6135-8b77-4bf0-833d-832f30ed22f5",
};

export default {
  async fetch(request: Request): Promise<Response> {
    await request.arrayBuffer();
    return new Response(BODY, { status: 429, headers: HEADERS });
  },
};
