// An upstream behind a service binding that responds with what it receives.
export default {
  fetch(request: Request): Response {
    const received = { url: request.url, host: request.headers.get("host"), method: request.method };
    return Response.json({ displayName: JSON.stringify(received) });
  },
};
