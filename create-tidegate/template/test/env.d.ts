// The type of `exports` of cloudflare:workers in the tests: the gateway's Worker.
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import("../workers/gateway/index.ts");
  }
}
