// The API behind the gateway: it shows what it has received.
export default {
  fetch({ url, headers }: Request): Response {
    return Response.json({ path: new URL(url).pathname, tenant: headers.get("x-tenant-id") });
  },
};
