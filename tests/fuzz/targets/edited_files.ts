/**
 * The files of identities that people edit: the identities of certificates and
 * the list of revoked tokens.
 *
 * For every file, the result is an error of one line that names the file and a
 * line that is no comment, or
 *
 * - one entry for each line that is no comment, if the names differ;
 * - the same result as for the lines without comments and blanks around them.
 *
 * @module
 */
import { parseIdentitiesFile } from "../../../identity/identities_file.ts";
import { parseRevokedFile } from "../../../identity/revoked_file.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { decodeText } from "../../../runtime/files.ts";
import { SetupError } from "../../../runtime/setup_error.ts";
import { isPattern } from "../reference/tokens.ts";
import {
  demand,
  demandAlike,
  demandSame,
  magnitude,
  type Target,
} from "../target.ts";

const path = "FILE";

/** The lines of a text that are no comments, with their numbers. */
function linesIn(text: string): { line: string; number: number }[] {
  const all = [""];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\n" || text[at] === "\r") {
      if (text[at] === "\r" && text[at + 1] === "\n") at += 1;
      all.push("");
    } else all[all.length - 1] += text[at];
  }
  return all.map((line, index) => ({
    line: withoutBlanks(line),
    number: index + 1,
  })).filter(({ line }) => line !== "" && line[0] !== "#");
}

function withoutBlanks(line: string): string {
  const words = line.split(/([^ \t\v\f]+)/).slice(1, -1);
  return words.join("");
}

/** Checks a parser with one input; returns a signature. */
function checkFile<Result>(
  input: string,
  parse: (text: string, path: string) => Result,
  checkResult: (result: Result, lines: readonly string[]) => string,
): string {
  const text = decodeText(encodeBytes(input));
  const lines = linesIn(text);
  const plain = lines.map(({ line }) => line).join("\n");
  let result;
  try {
    result = parse(text, path);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const [, number, fault] = error.message.match(/^FILE:(\d+): ([ -~]+)$/) ??
      error.message.match(/^FILE(): ([ -~]+)$/) ?? [];
    demand("an error of one line", fault !== undefined);
    if (number !== "") checkFault(lines, Number(number), fault, parse);
    return fault.replace(/\d+/g, "N");
  }
  demandAlike("the plain result", show(result), show(parse(plain, path)));
  return checkResult(result, lines.map(({ line }) => line));
}

/** The line has the fault alone too, unless it is about several lines. */
function checkFault(
  lines: readonly { line: string; number: number }[],
  number: number,
  fault: string,
  parse: (text: string, path: string) => unknown,
): void {
  const found = lines.find((line) => line.number === number);
  demand("a line", found !== undefined || fault === "expected UTF-8");
  if (
    /^(a line above|expected at most \d+ (names|tokens)|expected UTF)/.test(
      fault,
    )
  ) {
    return;
  }
  let alone;
  try {
    parse(found!.line, path);
  } catch (error) {
    alone = (error as Error).message;
  }
  demandSame("the fault of the line alone", alone, `${path}:1: ${fault}`);
}

const show = (result: unknown) =>
  result instanceof Map || result instanceof Set ? [...result] : result;

/** @param parse The parser under test. */
export function revokedTarget(parse = parseRevokedFile): Target {
  return {
    name: "revoked",
    tokens: [
      "#",
      "# x\n",
      "token-1\n",
      "\r\n",
      "\r",
      " ",
      "\v",
      "x".repeat(129),
    ],
    check: (input) =>
      checkFile(input, parse, (revoked, lines) => {
        demandAlike("the IDs", [...revoked], [...new Set(lines)]);
        for (const id of lines) {
          demand("an ID", /^[!-~]{1,128}$/.test(id));
        }
        return `${magnitude(revoked.size)} ${revoked.size < lines.length}`;
      }),
  };
}

/** @param parse The parser under test. */
export function identitiesTarget(parse = parseIdentitiesFile): Target {
  return {
    name: "identities",
    tokens: [
      "DNS:a.example last\n",
      "DNS:a.example ",
      "CN:mira ",
      '"CN:Mira Smith" ',
      '"CN:Mira \\"S\\"" ',
      "URI:spiffe://herd/a ",
      "EMAIL:",
      "IP:",
      "reports=a ",
      "reports=",
      "sees=fam/* ",
      "sees=*",
      "last",
      "last ",
      "role=viewer ",
      "role=operator",
      "role=",
      "#",
      "\r\n",
      "\n",
      '"',
      "\\",
      "\\u0041",
      "=",
    ],
    check: (input) =>
      checkFile(input, parse, (grants, lines) => {
        demandSame("entries", grants.size, lines.length);
        let signature = `${magnitude(grants.size)}`;
        for (const [name, grant] of grants) {
          demandSame("the subject", grant.subject, name);
          demand("a name", /^(CN|DNS|URI|EMAIL):[^]{1,1020}$/.test(name));
          for (const pattern of [...grant.reports, ...grant.sees]) {
            demand("a pattern", isPattern(pattern));
          }
          const { lastOnly, reports, role, sees } = grant;
          signature += ` ${lastOnly} ${reports.length > 0} ${role} ${
            sees.length > 0
          } ${name.includes(" ")}`;
        }
        return signature.slice(0, 80);
      }),
  };
}
