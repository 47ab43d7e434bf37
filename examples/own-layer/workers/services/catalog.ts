// The services that the gateway knows by their protos: none, this API is plain HTTP.
export const catalog = [];
