// A Worker that calls the one beside it, and hangs up after a time: a caller as the platform reports it.
interface Env {
  readonly main: Fetcher;
}

export default {
  async fetch(request: Request, { main }: Env): Promise<Response> {
    const ms = Number(new URL(request.url).searchParams.get("hangUpAfterMs"));
    try {
      return await main.fetch(request.url, { signal: AbortSignal.timeout(ms) });
    } catch {
      return new Response("hung up");
    }
  },
};
