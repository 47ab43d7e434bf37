// This gateway with a control plane, and what it says of its versions at `/__versions`. Calls of operators go to an isolate of their own, so
// that this one does what any isolate does that has not published the version itself.
import { catalog } from "../../test/support/shipped/catalog.ts";
import config from "../../test/support/shipped/gateway.config.ts";
import { type VersionedApp, versionedApp } from "../../workers/gateway/control/versioned-app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";
import { ADMIN, CONTROL, type VersionsSeen } from "../control/versions-seen.ts";

type Env = Bindings & { readonly OPERATOR: Fetcher };

const compileMs: number[] = []; // one for each version, in their order
let app: VersionedApp | undefined;

function started(env: Env): VersionedApp {
  const created = versionedApp({ ...config, admin: ADMIN, control: CONTROL }, catalog, env);
  const { versions } = created;
  const follow = versions.follow.bind(versions);
  versions.follow = (pointers) => {
    const { sequence } = versions;
    const begunAt = performance.now(); // local workerd advances it while code runs, in steps of 1 ms
    follow(pointers);
    if (versions.sequence !== sequence) compileMs.push(performance.now() - begunAt);
  };
  return created;
}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const { url } = request;
    if (url.includes("/tidegate.")) return env.OPERATOR.fetch(request);
    app ??= started(env);
    if (!url.endsWith("/__versions")) return app.fetch(request);
    const { number, size } = app.versions;
    return Response.json({ number, size, compileMs } satisfies VersionsSeen);
  },
};
