// What the gateways and their test share.
export const MAX_STALE_MS = 12_000;
export const SECRETS = {
  KEYS_TOKEN: "the secret of those who issue keys, long enough",
  KEY_TAG_SECRET_1: "the secret of the tags, 32 characters or more",
};
