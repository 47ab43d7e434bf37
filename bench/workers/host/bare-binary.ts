// As `../bare.ts`, with the bytes of the binary form.
import { create, toBinary } from "@bufbuild/protobuf";
import { UserSchema } from "../../../protos/gen/users/v1/users_pb.ts";
import { USER } from "./constant-user.ts";

const BYTES = toBinary(UserSchema, create(UserSchema, USER));

export default {
  fetch: () => new Response(BYTES, { headers: { "content-type": "application/proto" } }),
};
