// The floor: a Worker that returns a constant.
const USER = JSON.stringify({ id: "usr_01arz3ndektsv4rrffq69g5fav", displayName: "Ada", email: "ada@example.com" });

export default {
  fetch: () => new Response(USER, { headers: { "content-type": "application/json" } }),
};
