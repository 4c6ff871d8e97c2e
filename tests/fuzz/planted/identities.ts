/**
 * Faults in tokens, patterns, certificates and the files of identities.
 *
 * @module
 */
import { namesOfCertificate } from "../../../identity/certificate_names.ts";
import { parseIdentitiesFile } from "../../../identity/identities_file.ts";
import { ClientPatterns, faultOfPattern } from "../../../identity/patterns.ts";
import { TokenRefusal } from "../../../identity/refusal.ts";
import { parseRevokedFile } from "../../../identity/revoked_file.ts";
import { verifyToken } from "../../../identity/token.ts";
import { SetupError } from "../../../runtime/setup_error.ts";
import { fromBase64Url } from "../reference/tokens.ts";
import { TrustedProxies } from "../../../runtime/forwarded.ts";
import { certificatesTarget } from "../targets/certificates.ts";
import { identitiesTarget, revokedTarget } from "../targets/edited_files.ts";
import { forwardedTarget } from "../targets/forwarded.ts";
import { patternsTarget } from "../targets/patterns.ts";
import { clientTokensTarget, signForFuzzer } from "../targets/client_tokens.ts";
import type { PlantedFault } from "./planted_fault.ts";

/** Verifies a token after a change of its header and its claims. */
function verifyChanged(
  change: (header: string, claims: string) => [string, string],
): typeof verifyToken {
  return (token, keys) => {
    const result = verifyToken(token, keys);
    const [header, claims] = token.split(".", 2).map(fromBase64Url);
    const isRefused = result instanceof TokenRefusal &&
      /twice|alg/.test(result.detail);
    if (!isRefused || header === undefined || claims === undefined) {
      return result;
    }
    return verifyToken(signForFuzzer(...change(header, claims)), keys);
  };
}

/** A text of JSON as `JSON.parse` reads it, or the text itself. */
function parsed(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** `TrustedProxies` that is given other values of `Forwarded`. */
function proxiesAfter(change: (value: string) => string) {
  return class extends TrustedProxies {
    override clientOf(
      ...[remote, headers]: Parameters<TrustedProxies["clientOf"]>
    ) {
      const changed = new Map<string, string>();
      for (const name of headers.keys()) {
        const value = headers.get(name)!;
        changed.set(name, name === "forwarded" ? change(value) : value);
      }
      return super.clientOf(remote, changed);
    }
  };
}

export const identityFaults: readonly PlantedFault[] = [
  {
    fault: "of two claims with one name the last counts",
    target: clientTokensTarget(
      verifyChanged((header, claims) => [header, parsed(claims)]),
    ),
    from: "ordinary",
  },
  {
    fault: "every algorithm is taken for HS256",
    target: clientTokensTarget(
      verifyChanged((header, claims) => [
        header.replace(/"alg":"[^"]*"/, '"alg":"HS256"'),
        claims,
      ]),
    ),
    from: "ordinary",
  },
  {
    fault: "white space around a token is ignored",
    target: clientTokensTarget((token, keys) =>
      verifyToken(token.trim(), keys)
    ),
    from: "whole",
  },
  {
    fault: "prefix/* includes prefix/",
    target: patternsTarget({
      create: (patterns) => {
        const [pattern] = patterns;
        const includes = (id: string) =>
          new ClientPatterns(patterns).includes(id) || `${id}*` === pattern;
        return {
          includes,
          includesSpan: (bytes, start, end) =>
            includes(String.fromCharCode(...bytes.subarray(start, end))),
        };
      },
    }),
    from: "prefix",
  },
  {
    fault: "a * in the middle of a pattern is accepted",
    target: patternsTarget({
      faultOf: (pattern) => faultOfPattern(pattern.replaceAll(/\*(?!$)/g, "a")),
    }),
    from: "prefix",
  },
  {
    fault: "a name that is listed twice keeps its last line",
    target: identitiesTarget((text, path) => {
      try {
        return parseIdentitiesFile(text, path);
      } catch (error) {
        if (!/same name/.test((error as Error).message)) throw error;
        return parseIdentitiesFile(text.replace(/^.*[\r\n]+/, ""), path);
      }
    }),
    from: "one",
  },
  {
    fault: "comments do not count in the numbers of lines",
    target: identitiesTarget((text, path) =>
      parseIdentitiesFile(text.replaceAll(/^#.*\n/gm, ""), path)
    ),
    from: "one",
  },
  {
    fault: "a CR alone does not end a line",
    target: revokedTarget((text, path) =>
      parseRevokedFile(text.replaceAll(/\r(?!\n)/g, ""), path)
    ),
    from: "two",
  },
  {
    fault: "a comment may follow an ID",
    target: revokedTarget((text, path) => {
      try {
        return parseRevokedFile(text, path);
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        return parseRevokedFile(text.replaceAll(/ #.*/g, ""), path);
      }
    }),
    from: "two",
  },
  {
    fault: "bytes after a certificate are ignored",
    target: certificatesTarget((bytes) =>
      namesOfCertificate(bytes) ?? namesOfCertificate(bytes.subarray(0, -1))
    ),
    from: "of-openssl",
  },
  {
    fault: "a quote that does not end hides what a proxy adds",
    target: forwardedTarget(
      proxiesAfter((value) => value.replace(/;\w+="(?:[^"\\]|\\.)*$/, "")),
    ),
    from: "standard",
  },
  {
    fault: "a separator in quotes separates",
    target: forwardedTarget(proxiesAfter((value) => value.replaceAll('"', ""))),
    from: "standard-two",
  },
  {
    fault: "of two addresses in one element the first counts",
    target: forwardedTarget(
      proxiesAfter((value) =>
        value.replaceAll(/(\bfor=[^,;]*)((?:;[^,;]*)*?);for=[^,;]*/gi, "$1$2")
      ),
    ),
    from: "standard-two",
  },
];
