// Stands for KV in the cheapest way there is: no network, no disk, a Worker in the same process. Real reads cost more.
const CONFIG = JSON.stringify({ capacity: 1_000_000, rate: 1_000_000, timeoutMs: 15_000 });

export default {
  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    return pathname.includes("config") ? new Response(CONFIG) : new Response("not found", { status: 404 });
  },
};
