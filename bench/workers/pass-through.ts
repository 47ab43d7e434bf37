// The least that any gateway does: forwards the request.
interface Env {
  readonly UPSTREAM: Fetcher;
}

export default {
  fetch: (request: Request, env: Env) => env.UPSTREAM.fetch(request),
};
