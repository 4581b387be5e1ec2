// A call as people write it elsewhere: a JSON-RPC request, and a command for a shell. Pure.

export const asRequest = (method, params) => {
  const request = { jsonrpc: "2.0", id: 1, src: "my-program", dst: "FLEET_MANAGER", method };
  return JSON.stringify(Object.keys(params).length ? { ...request, params } : request, null, 2);
};

/** Quotes a word for a POSIX shell. */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

export function asCurl(origin, { name, "x-anonymous": isOpen }, params) {
  const lines = [`curl -X POST ${quoted(`${origin}/rpc/${encodeURI(name)}`)}`];
  if (!isOpen) lines.push(`-H "Authorization: Bearer $FLEET_TOKEN"`);
  if (Object.keys(params).length)
    lines.push(`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(params))}`);
  return lines.join(" \\\n  ");
}
