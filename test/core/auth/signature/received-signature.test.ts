// The signature that a request carries.
import { describe, expect, it } from "vitest";
import { readSignature } from "../../../../core/auth/signature/received-signature.ts";

const INPUT = 'sig1=("@method" "@path");created=1;keyid="k"';
const SIGNATURE = "sig1=:aGk=:";

describe("readSignature", () => {
  it("reads the one signature of a request", () => {
    const reading = readSignature(INPUT, SIGNATURE);
    if (reading.kind !== "signature") throw new Error("not read");
    const { label, components, parameters, signature } = reading.received;
    expect(label).toBe("sig1");
    expect(components.map(({ item }) => item.value)).toEqual(["@method", "@path"]);
    expect([...parameters.keys()]).toEqual(["created", "keyid"]);
    expect(Buffer.from(signature).toString()).toBe("hi");
  });

  it("finds none where a request carries none", () => {
    expect(readSignature(null, null)).toEqual({ kind: "none" });
  });

  it.each([
    [INPUT, null, "signature_malformed"],
    [null, SIGNATURE, "signature_malformed"],
    ["", "", "signature_malformed"],
    ["sig1=1", SIGNATURE, "signature_malformed"],
    ["sig1=(", SIGNATURE, "signature_malformed"],
    [INPUT, "sig2=:aGk=:", "signature_malformed"],
    [INPUT, 'sig1="aGk="', "signature_malformed"],
    [INPUT, "sig1=(:aGk=:)", "signature_malformed"],
    [INPUT, "sig1=:a:", "signature_malformed"],
    ["sig1=(a)", SIGNATURE, "signature_malformed"],
    ["sig1=();created=1;created=2", SIGNATURE, "signature_malformed"],
    [`${INPUT}, ${INPUT}`, SIGNATURE, "signature_malformed"],
    [INPUT, `${SIGNATURE}, ${SIGNATURE}`, "signature_malformed"],
    [`${INPUT}, sig2=()`, SIGNATURE, "signature_multiple"],
    [INPUT, `${SIGNATURE}, sig2=:aGk=:`, "signature_multiple"],
    [`sig1=(${'"a" '.repeat(33)})`, SIGNATURE, "signature_too_large"],
    [`sig1=()${Array.from({ length: 17 }, (_, n) => `;p${n}=1`).join("")}`, SIGNATURE, "signature_too_large"],
    [INPUT.padEnd(2_049), SIGNATURE, "signature_too_large"],
    [INPUT, SIGNATURE.padEnd(2_049), "signature_too_large"],
  ])("refuses %s with %s: %s", (input, signature, reason) => {
    expect(readSignature(input, signature)).toEqual({ kind: "fault", reason });
  });

  it("reads signatures up to each bound", () => {
    const all = `sig1=(${'"a" '.repeat(32)})${Array.from({ length: 16 }, (_, n) => `;p${n}=1`).join("")}`;
    expect(readSignature(all.padEnd(2_048), SIGNATURE.padEnd(2_048)).kind).toBe("signature");
  });
});
