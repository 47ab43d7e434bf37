// The user that all subjects without storage respond with.
export const USER = { id: "usr_01arz3ndektsv4rrffq69g5fav", displayName: "Ada", email: "ada@example.com" };
