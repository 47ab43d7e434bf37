// Memory that calls reserve: for their callers, and until their deadlines.
import { describe, expect, it } from "vitest";
import { ByteBudget, type Reservation } from "../../../../core/overload/byte-budget.ts";
import { Rejected } from "../../../../core/rejection.ts";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { reserveMemory, resizeReservation } from "../../../../workers/gateway/call/memory.ts";
import { rpcRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { CONNECT_UNARY } from "../../../../workers/gateway/protocol/protocol.ts";

describe("memory of the isolate", () => {
  const memory = new ByteBudget({ maxBytes: 1_048_576, callerShare: 0.5 });
  const route = rpcRoute(UserService.method.getUser, { maxBodyBytes: 1_000, maxMessageElements: 1_000 }, memory);
  const callFrom = (address: string): Call => {
    const request = new Request(`https://gateway.example${route.path}`, { headers: { "cf-connecting-ip": address } });
    return new Call(request, CONNECT_UNARY, route, route.path, "", Date.now());
  };
  const refusalOf = (act: () => unknown): unknown => {
    try {
      act();
    } catch (error) {
      return error instanceof Rejected ? error.rejection : error;
    }
    return undefined;
  };

  it("is reserved for the call's caller until it is released, or its deadline has passed", () => {
    const call = callFrom("192.0.2.1");
    call.deadlineAt = Date.now() + 60_000;
    const reserved: Reservation = reserveMemory(call, 500_000);
    expect(memory.heldBytes(Date.now())).toBe(500_000);
    const share = { kind: "overloaded", point: "memory", reason: "caller holds its share (524288 bytes) of the memory budget" };
    expect(refusalOf(() => reserveMemory(callFrom("192.0.2.1"), 50_000))).toMatchObject(share);
    expect(refusalOf(() => resizeReservation(call, reserved, 600_000))).toMatchObject(share);
    expect(refusalOf(() => reserveMemory(callFrom("192.0.2.2"), 500_000))).toMatchObject({
      reason: "memory budget of the isolate (1048576 bytes) is used up",
    });
    expect(memory.heldBytes(call.deadlineAt - 1)).toBe(500_000);
    expect(memory.heldBytes(call.deadlineAt)).toBe(0);
  });
});
