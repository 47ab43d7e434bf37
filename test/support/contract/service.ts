// The service of the contract of transports: its id says what a call does.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { BadRequestSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";
import { ServerReflection } from "../../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { type User, UserSchema, UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineServices, implementation } from "../../../workers/service.ts";

export const MAX_STREAMS = 4;
/** What calls of this isolate have noticed, by their ids. */
const noticed = new Map<string, string>();
/** One message for all calls: no caller may change it for another. */
const SHARED: User = create(UserSchema, { id: "shared", displayName: "unchanged" });

const failure = () =>
  new ConnectError("email is wrong", Code.FailedPrecondition, { "x-meta": "of the error" }, [
    { desc: BadRequestSchema, value: { fieldViolations: [{ field: "email", description: "has no @" }] } },
  ]);

/** Waits for what never comes, and notes how its call has ended. */
async function stuck(id: string, { signal }: HandlerContext): Promise<never> {
  noticed.set(id, "started");
  signal.addEventListener("abort", () =>
    noticed.set(id, ConnectError.from(signal.reason, Code.Canceled).code === Code.Canceled ? "canceled" : "expired"),
  );
  return new Promise(() => undefined);
}

async function respond(id: string, context: HandlerContext): Promise<MessageInitShape<typeof UserSchema>> {
  const [what, of = ""] = id.split("/");
  switch (what) {
    case "headers":
      context.responseHeader.set("x-header", "h");
      context.responseTrailer.set("x-trailer", "t");
      return { id: context.requestHeader.get("x-sent") ?? "none" };
    case "fail":
      throw failure();
    case "throw":
      throw new Error("a secret");
    case "stuck":
      return stuck(of, context);
    case "noticed":
      return { id: noticed.get(of) ?? "" };
    case "time":
      return { id: String(context.timeoutMs() ?? "none") };
    case "shared":
      return SHARED;
    case "large":
      return { id: "x".repeat(Number(of)) };
    case "forwarded":
      return { id: [context.requestHeader.get("x-request-id"), context.requestHeader.get("traceparent")].join(" ") };
    default:
      return { id };
  }
}

/** Used as it is in the same isolate, and as a Worker of its own (`worker.ts`). */
export const contractService = defineServices(
  () => [
    implementation(UserService, {
      getUser: ({ id }, context) => respond(id, context),
      async createUser({ user, requestId }, context) {
        if (requestId === "later") await new Promise((resolve) => setTimeout(resolve, 20));
        const name = user!.displayName;
        user!.displayName = "changed by the callee";
        context.responseHeader.set("x-unknown", String(user!.$unknown?.length ?? 0));
        return { ...user!, displayName: name };
      },
      async *watchUsers({ afterRevision }, context) {
        if (afterRevision === 99n) await stuck("watch", context);
        context.responseHeader.set("x-header", "h");
        context.responseTrailer.set("x-trailer", "t");
        for (let revision = 1n; revision <= (afterRevision === 7n ? 1n : 3n); revision++) yield { revision };
        if (afterRevision === 7n) await new Promise((resolve) => context.signal.addEventListener("abort", resolve)); // open
        if (afterRevision === 13n) throw failure();
      },
    }),
    implementation(ServerReflection, {
      // An echo: one response for each request, as soon as it is there.
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield { validHost: `echo ${request.host}`, originalRequest: request };
      },
    }),
  ],
  { discovery: false, maxStreams: MAX_STREAMS, readMaxBytes: 65_536, writeMaxBytes: 65_536 },
);
