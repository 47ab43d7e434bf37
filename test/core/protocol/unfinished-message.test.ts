// How a stream ends that breaks off.
import { expect, it } from "vitest";
import { envelopeMeter } from "../../../core/protocol/envelope.ts";
import { UNFINISHED_MESSAGE } from "../../../core/protocol/unfinished-message.ts";

it("is an ordinary message of which some bytes have come, and some are missing", () => {
  const meter = envelopeMeter(10);
  meter.read(UNFINISHED_MESSAGE);
  expect([meter.isBetweenMessages(), meter.flags(), UNFINISHED_MESSAGE.byteLength > 5]).toEqual([false, 0, true]);
  expect(meter.read(new Uint8Array(1))).toBeUndefined();
  expect(meter.isBetweenMessages()).toBe(true); // the second byte of two was missing
});
