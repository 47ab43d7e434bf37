// Receives the calls of a test, and passes each on to the gateway that it names.
export default {
  fetch(request: Request, env: Readonly<Record<string, Fetcher>>): Promise<Response> {
    return env[request.headers.get("x-gateway") ?? "GATEWAY_0"]!.fetch(request);
  },
};
