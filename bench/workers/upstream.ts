// The upstream of every subject: a constant user, as JSON or as the message itself, in the codec of the request.
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { UserSchema } from "../../protos/gen/users/v1/users_pb.ts";

const user = create(UserSchema, { id: "usr_01arz3ndektsv4rrffq69g5fav", displayName: "Ada", email: "ada@example.com" });
const json = toJsonString(UserSchema, user);
const proto = toBinary(UserSchema, user);

export default {
  async fetch(request: Request): Promise<Response> {
    await request.arrayBuffer();
    const contentType = request.headers.get("content-type") ?? "application/json";
    return new Response(contentType === "application/proto" ? proto : json, { headers: { "content-type": contentType } });
  },
};
