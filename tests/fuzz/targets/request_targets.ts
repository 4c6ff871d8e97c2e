/**
 * Targets of requests, `gateways/readers/target.ts`.
 *
 * For every target:
 *
 * - the token is the second segment of a path that begins with /t/, and the
 *   rest of the path is what follows it;
 * - what is logged has no segment and no value where a secret stands.
 *
 * @module
 */
import { readTarget } from "../../../gateways/readers/target.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { demand, demandSame, type Target } from "../target.ts";

const marker = "S3CRET";

const secretKeys = new Set(
  ["", "access_", "auth_", "api_", "api"].flatMap((prefix) =>
    ["token", "key", "auth", "pass", "password", "pwd", "secret"]
      .map((key) => prefix + key)
  ),
);

/** @param read The function under test. */
export function requestTargetsTarget(read = readTarget): Target {
  return {
    name: "request_targets",
    tokens: [
      marker,
      `/t/${marker}/`,
      `/apps/phonetrack/logGet/${marker}/lena`,
      `/apps/phonetrack/log/traccar/${marker}/lena`,
      `/api/webhook/${marker}`,
      `token=${marker}`,
      `&access_token=${marker}`,
      `t%6Fken=${marker}`,
      "/t/",
      "//",
      "/",
      "?",
      "&",
      "=",
      "%2F",
    ],
    check(target) {
      const [path, ...rest] = target.split("?");
      const query = rest.length === 0 ? undefined : rest.join("?");
      const found = read(path, query);
      const segments = path.split("/");
      const hasToken = segments[0] === "" && segments[1] === "t" &&
        (segments[2] ?? "") !== "";
      const { token } = found;
      demandSame("whether there is a token", token !== undefined, hasToken);
      if (token !== undefined) {
        demandSame(
          "the token",
          path.slice(token.start, token.end),
          segments[2],
        );
      }
      const below = hasToken ? segments.slice(3) : segments;
      const expected = hasToken ? `/${below.join("/")}` : path;
      demandSame("the rest", found.path, expected === "" ? "/" : expected);
      const shown = `${naivePath(hasToken ? ["", ...below] : below)}?${
        naiveQuery(query ?? "")
      }`;
      if (!shown.includes(marker)) {
        demand("no secret is logged", !found.logged.includes(marker));
      }
      return `${hasToken} ${query !== undefined} ` +
        `${found.logged.split("[token]").length} ${target.includes(marker)}`;
    },
  };
}

/** The segments that hold no secret. */
function naivePath(segments: readonly ByteString[]): ByteString {
  const indexOf = (first: string, second: string) =>
    segments.findIndex((segment, index) =>
      index > 0 && segment === first && segments[index + 1] === second &&
      index + 2 < segments.length
    );
  const phoneTrack = indexOf("apps", "phonetrack");
  const webhook = indexOf("api", "webhook");
  const secret = new Set<number>();
  if (phoneTrack >= 0) {
    secret.add(phoneTrack + (segments[phoneTrack + 2] === "log" ? 4 : 3));
  }
  if (webhook >= 0) secret.add(webhook + 2);
  return segments.filter((_, index) => !secret.has(index)).join("/");
}

function naiveQuery(query: ByteString): ByteString {
  return query.split("&").filter((pair) => {
    const [key, value] = pair.split(/=(.*)/s);
    const decoded = key.replace(
      /%([0-9a-fA-F]{2})/g,
      (_, digits) => String.fromCharCode(parseInt(digits, 16)),
    );
    return value === undefined || !secretKeys.has(decoded.toLowerCase());
  }).join("&");
}
