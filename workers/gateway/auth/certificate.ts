// Proves callers by TLS client certificates, as Cloudflare's edge has verified them.
import { unauthenticated } from "../../../core/auth/refusal.ts";
import type { Authenticator, Credential, Proof } from "./authenticator.ts";
import { type ClientCertificate, certificateOf } from "./edge.ts";

interface PresentedCertificate extends Credential {
  readonly certificate: ClientCertificate;
}

/** SHA-256, or longer, in hexadecimal digits. */
const FINGERPRINT = /^[0-9a-f]{64,128}$/;

export function certificateAuthenticator(): Authenticator<PresentedCertificate> {
  return {
    name: "certificate",
    readsAuthorization: false,
    isAmbient: true,
    find({ request }) {
      const certificate = certificateOf(request);
      return certificate && { text: certificate.certFingerprintSHA256 ?? "", certificate };
    },
    prove: ({ certificate }) => proofOf(certificate),
  };
}

function proofOf({ certVerified, certRevoked, certFingerprintSHA256 = "", certNotAfter = "" }: ClientCertificate): Proof {
  const fingerprint = certFingerprintSHA256.toLowerCase();
  if (certRevoked === "1") return unauthenticated("certificate_revoked");
  if (certVerified !== "SUCCESS" || certRevoked !== "0" || !FINGERPRINT.test(fingerprint))
    return unauthenticated("certificate_not_verified");
  const expiresAt = Date.parse(certNotAfter);
  return {
    kind: "certificate",
    id: `cert:${fingerprint}`,
    scopes: [],
    claims: {},
    expiresAt: Number.isNaN(expiresAt) ? Number.POSITIVE_INFINITY : expiresAt,
  };
}
