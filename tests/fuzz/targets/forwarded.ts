/**
 * The headers of proxies, `runtime/forwarded.ts`.
 *
 * An input is the header fields of a request, one a line; lines that are none
 * are left out. For every input:
 *
 * - a request that a proxy has passed on is refused if none is trusted, with one
 *   line of text that has nothing of the fields' values;
 * - otherwise the client, or the refusal, is that of the reference;
 * - whatever a client sends, the address that a trusted proxy adds after it is
 *   the client's, or the request is refused.
 *
 * @module
 */
import {
  ForwardedRefusal,
  TrustedProxies,
} from "../../../runtime/forwarded.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { clientOf, type Fields, isOfProxy } from "../reference/forwarded.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

/** The address of the proxy that has sent the request. */
const proxy = "127.0.0.1";

/** The address of the client, as that proxy sees it. */
const client = "192.0.2.7";

/** The code under test. */
type Tested = new (
  networks: readonly string[],
) => Pick<TrustedProxies, "clientOf">;

const isTrusted = (address: string) =>
  address === proxy || address.startsWith("10.");

/** @param Proxies The code under test. */
export function forwardedTarget(Proxies: Tested = TrustedProxies): Target {
  const none = new Proxies([]);
  const some = new Proxies([proxy, "10.0.0.0/8"]);
  return {
    name: "forwarded",
    tokens: [
      "Forwarded: for=",
      "X-Forwarded-For: ",
      "X-Forwarded-Proto: https",
      "X-Real-IP: 192.0.2.1",
      "Via: 1.1 proxy",
      "\n",
      "for=192.0.2.1",
      "For=",
      ';by="',
      ";host=",
      ";proto=https",
      ", ",
      ",",
      ";",
      '"',
      "\\",
      "=",
      "10.0.0.1",
      "192.0.2.1:80",
      "::ffff:10.0.0.1",
      '"[2001:db8::1]:80"',
      "[::1]",
      "unknown",
      "_hidden",
      "%eth0",
      " ",
      "\t",
    ],
    check(input) {
      const fields = fieldsOf(input);
      const isForwarded = [...fields.keys()].some(isOfProxy);
      const refused = none.clientOf(proxy, fields);
      demandSame(
        "whether a request without trusted proxies is refused",
        refused instanceof ForwardedRefusal,
        isForwarded,
      );
      if (refused instanceof ForwardedRefusal) {
        demandSame("a status", refused.status, 403);
        demand("one line of text", /^[\x20-\x7e]+$/.test(refused.detail));
      }
      const found = shown(some.clientOf(proxy, fields));
      demandSame("the client", found, clientOf(proxy, fields, isTrusted));
      for (const added of addedBy(fields)) {
        const told = shown(some.clientOf(proxy, added));
        demand(
          `the proxy's client, not ${told}`,
          ["400", client].includes(told),
        );
      }
      const hops = fields.get("forwarded") ?? fields.get("x-forwarded-for");
      return [
        ["forwarded", "x-forwarded-for"].filter((name) => fields.has(name)),
        isForwarded,
        found === "400" ? found : isTrusted(found),
        magnitude(hops?.split(",").length ?? 0),
        hops?.includes('"'),
      ].join(" ");
    },
  };
}

const shown = (found: string | ForwardedRefusal) =>
  found instanceof ForwardedRefusal ? `${found.status}` : found;

/** The fields as parsers of HTTP heads give them. */
function fieldsOf(input: ByteString): Fields {
  const fields = new Map<string, ByteString>();
  for (const line of input.split("\n")) {
    // Heads with other characters are refused.
    const [, name, value] =
      line.match(/^([\w!#$%&'*+.^`|~-]+):([\t\x20-\x7e\x80-\xff]*)$/) ?? [];
    if (name === undefined) continue;
    const lower = name.toLowerCase();
    const known = fields.get(lower);
    const own = value.replace(/^[ \t]+|[ \t]+$/g, "");
    fields.set(lower, known === undefined ? own : `${known}, ${own}`);
  }
  return fields;
}

/** The fields after a proxy has added its client, in both ways. */
function addedBy(fields: Fields): Fields[] {
  const elements: [string, string][] = [
    ["forwarded", `for=${client}`],
    ["x-forwarded-for", client],
  ];
  return elements.map(([name, element]) => {
    const known = fields.get(name);
    const value = known === undefined ? element : `${known}, ${element}`;
    return new Map([...fields, [name, value]]);
  });
}
