/**
 * The identities of client certificates. Each line names a certificate and what
 * its owner may do:
 *
 *     DNS:phone.example  reports=mira/pixel sees=fam/* last
 *     "CN:Mira Smith"    reports=mira/* sees=mira/* role=viewer
 *
 * @module
 */
import {
  bytesOfText,
  type ByteString,
  strictTextOfBytes,
} from "../protocol/bytes.ts";
import { splitFields } from "../protocol/fields.ts";
import { nameKinds, namesOfCertificate } from "./certificate_names.ts";
import { type Grant, type Role, roles } from "./claims.ts";
import { type EditedLine, faultAt, readEditedLines } from "./edited_lines.ts";
import {
  maxCertificateEntries,
  maxIdentitiesFileLength,
  maxPatternBytes,
  maxPatterns,
} from "./limits.ts";
import { faultOfPattern, faultOfPatterns, patternHelp } from "./patterns.ts";

/** What certificates permit, by one of their names such as `DNS:a.example`. */
export type CertificateGrants = ReadonlyMap<ByteString, Grant>;

/** Most fields after a name: patterns of both kinds, `last` and a role. */
const maxFields = 2 * maxPatterns + 2;

const fieldHelp = `reports=PATTERN, sees=PATTERN, last or role=${
  roles.join("|")
}`;

/**
 * The grants in an identities file.
 *
 * @param path For messages.
 * @throws {SetupError} Naming the file and the line with a fault.
 */
export function parseIdentitiesFile(
  text: string,
  path: string,
): CertificateGrants {
  const grants = new Map<ByteString, Grant>();
  for (const line of readEditedLines(text, path, maxIdentitiesFileLength)) {
    const fail = (fault: string) => faultAt(path, line, fault);
    const { name, rest } = readName(line, fail);
    if (grants.has(name)) throw fail("a line above has the same name");
    if (grants.size === maxCertificateEntries) {
      throw fail(`expected at most ${maxCertificateEntries} names`);
    }
    grants.set(name, readGrant(name, rest, fail));
  }
  return grants;
}

/**
 * What a certificate permits; undefined if the file has none of its names. If it
 * has several, the certificate's first one counts: its common names, then its
 * alternative names in their order.
 *
 * @param certificate In DER. Its signature was checked.
 */
export function findGrant(
  grants: CertificateGrants,
  certificate: Uint8Array,
): Grant | undefined {
  for (const name of namesOfCertificate(certificate) ?? []) {
    const grant = grants.get(name);
    if (grant !== undefined) return grant;
  }
  return undefined;
}

type Fail = (fault: string) => Error;

/** Splits a line after its name, which quotes surround if it has blanks. */
function readName(
  { text }: EditedLine,
  fail: Fail,
): { name: ByteString; rest: ByteString } {
  const [whole, quoted] = text.match(/^"((?:[^"\\]|\\.)*)"(?=\s|$)/) ?? [];
  const [word] = whole === undefined ? splitFields(text, 1) : [whole];
  const name = quoted === undefined ? word : unquote(whole!, fail);
  const kind = nameKinds.find((kind) => name.startsWith(`${kind}:`));
  if (kind === undefined || name.length <= kind.length + 1) {
    throw fail(
      `expected the name of a certificate first, as ${
        nameKinds.map((kind) => `${kind}:...`).join(", ")
      }`,
    );
  }
  if (name.length > maxPatternBytes) {
    throw fail(`expected a name of at most ${maxPatternBytes} bytes`);
  }
  return { name, rest: text.slice(word.length) };
}

function unquote(quoted: ByteString, fail: Fail): ByteString {
  let text: unknown;
  try {
    text = JSON.parse(strictTextOfBytes(quoted));
  } catch {
    // Reported below.
  }
  if (typeof text === "string" && text.isWellFormed()) return bytesOfText(text);
  throw fail("expected a name in quotes as JSON writes texts");
}

function readGrant(subject: ByteString, rest: ByteString, fail: Fail): Grant {
  const reports: ByteString[] = [];
  const sees: ByteString[] = [];
  let lastOnly = false;
  let role: Role | undefined;
  const fields = splitFields(rest, maxFields);
  if (fields.length === 0) throw fail(`expected ${fieldHelp} after the name`);
  if (fields.length > maxFields) {
    throw fail(`expected at most ${maxFields} words after the name`);
  }
  for (const field of fields) {
    const [key, value] = splitAtEquals(field);
    if (key === "reports" || key === "sees") {
      const fault = faultOfPattern(value ?? "");
      if (fault !== undefined) {
        throw fail(`${key}=: expected ${patternHelp}, but ${fault}`);
      }
      (key === "reports" ? reports : sees).push(value!);
    } else if (field === "last" && !lastOnly) {
      lastOnly = true;
    } else if (key === "role" && role === undefined) {
      role = roles.find((role) => role === value);
      if (role === undefined) {
        throw fail(`role=: expected ${roles.join(" or ")}`);
      }
    } else {
      throw fail(`expected ${fieldHelp}, and last and role= once each`);
    }
  }
  const fault = faultOfPatterns(reports) ?? faultOfPatterns(sees);
  if (fault !== undefined) throw fail(fault);
  return { subject, reports, sees, lastOnly, role };
}

function splitAtEquals(
  field: ByteString,
): [key: ByteString, value: ByteString | undefined] {
  const at = field.indexOf("=");
  return at < 0
    ? [field, undefined]
    : [field.slice(0, at), field.slice(at + 1)];
}
