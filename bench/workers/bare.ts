// The floor: a Worker that answers a constant.
const USER = JSON.stringify({ id: "usr_01arz3ndektsv4rrffq69g5fav", displayName: "Ada", email: "ada@example.com" });

export default {
  fetch: () => new Response(USER, { headers: { "content-type": "application/json" } }),
};
