// Why a signature of a request does not count, as the log names it.

export type SignatureFault =
  | "signature_malformed" // Signature-Input or Signature is no dictionary of the right form, or only one of them came
  | "signature_too_large"
  | "signature_multiple" // more than one signature: which of them counts would be a guess
  | "signature_component_unsupported" // ;bs, ;tr, ;req, or what this verifier does not know
  | "signature_component_repeated"
  | "signature_component_missing" // a component that has to be covered is not
  | "signature_component_absent" // a covered component is not in the request
  | "signature_created_missing"
  | "signature_created_future"
  | "signature_expired"
  | "signature_tag"
  | "signature_algorithm"
  | "signature_key_missing" // no keyid
  | "signature_key_unknown"
  | "signature_invalid" // it is not the signature of this request by this key
  | "signature_nonce_missing"
  | "signature_nonce_repeated"
  | "signature_digest_unsupported" // Content-Digest has no algorithm that is known, or is no dictionary
  | "signature_digest_mismatch"
  | "signature_nonces_unavailable" // the log of nonces does not respond, or is full
  | "signature_keys_unavailable" // the directory of an agent has not been fetched yet
  | "signature_stream" // a body that is sent while it arrives cannot be checked first
  | "signature_agent"; // Signature-Agent names no directory that may be used
