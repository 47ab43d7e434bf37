// The response of a cache hit, as a constant.
const USER = JSON.stringify({ id: "usr_01arz3ndektsv4rrffq69g5fav", displayName: "Ada", email: "ada@example.com" });
const HEADERS = {
  "content-type": "application/json",
  age: "12",
  "cache-status": "tidegate; hit; ttl=3588",
  "x-request-id": "8efc6135-8b77-4bf0-833d-832f30ed22f5",
};

export default {
  fetch: () => new Response(USER, { headers: HEADERS }),
};
