// An upstream for tests under a network: it responds after a set time, and records when it gets calls, by path.
interface Env {
  readonly RESPONSE_MS: number;
}

const calls: Record<string, number[]> = {}; // epoch ms

export default {
  async fetch(request: Request, { RESPONSE_MS }: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/calls") return Response.json(calls);
    const times = calls[pathname] ?? [];
    times.push(Date.now());
    calls[pathname] = times;
    if (RESPONSE_MS > 0) await scheduler.wait(RESPONSE_MS);
    return Response.json({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
  },
};
