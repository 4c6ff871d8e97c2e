/**
 * The first lines on a peer connection, `peers/links/handshake.ts`.
 *
 * For every line:
 *
 * - an introduction is accepted if it is what docs/PROTOCOL.md says, byte for
 *   byte, is made by a neighbour, and is made to this server; then it is printed
 *   as the same line again. Otherwise there is a refusal, which fits a line;
 * - a refusal of the other side is shown in its own words, and never accepted;
 * - one or two proofs, with one space between, are accepted if one of them is
 *   expected; `-` where none is expected, and only there.
 *
 * @module
 */
import {
  checkAnswer,
  checkHello,
  checkProofs,
  formatHello,
  formatRefusal,
  type HandshakeRefusal,
  isRefusal,
} from "../../../peers/links/handshake.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { isClient } from "../reference/peer_lines.ts";
import { demand, demandSame, magnitude, type Target } from "../target.ts";

const self = { name: "Hill", incarnation: "life-1" };
const neighbours = ["Smith", "Jaquez"];

const nonce = "542c9a76367acede3e8e50a38395948d";
const proof =
  "5c40b88a2b1e0ced407df24bb427bfd69469b7e6bfdc15097da629efa70ab777";
const otherProof =
  "41bdad63d09f97572bd9856565a13223ef9191788f55820554360fbe09c99df4";

/** What servers without a secret, with one, and with two expect. */
const expectations = [[], [proof], [proof, otherProof]];

const real = { checkAnswer, checkHello, checkProofs };

/** @param code What checks the lines, under test. */
export function handshakesTarget(code: Partial<typeof real> = {}): Target {
  const { checkAnswer, checkHello, checkProofs } = { ...real, ...code };

  function checkIntroduction(line: ByteString): string {
    const result = checkHello(line, self, neighbours);
    const isAccepted = !isRefusal(result);
    demandSame("an introduction", isAccepted, isIntroduction(line, neighbours));
    if (isAccepted) {
      demandSame("the same again", formatHello(result), line);
    } else {
      checkRefusal(result, line);
    }
    const answer = checkAnswer(line, self, "Smith");
    demandSame(
      "an answer",
      !isRefusal(answer),
      isIntroduction(line, ["Smith"]),
    );
    if (line.startsWith("NO ") && isRefusal(answer)) {
      demandSame("whose refusal", answer.reason, "refused");
      demandSame("its words", answer.detail, line.slice(3));
    }
    return isAccepted ? "a hello" : result.reason;
  }

  return {
    name: "handshakes",
    tokens: [
      "HERD 4 ",
      "HERD ",
      "PROOF ",
      "PROOF - ",
      "NO ",
      "NO stranger: ",
      " Smith ",
      " Hill ",
      " Jaquez ",
      " life-1 ",
      nonce,
      ` ${proof}`,
      ` ${otherProof}`,
      "0123456789abcdef",
      "ABCDEF",
    ],
    check(line) {
      // Where one line ends the next one begins.
      if (line.includes("\n")) return "no line";
      const introduced = checkIntroduction(line);
      const proved = expectations.map((expected) => {
        const refusal = checkProofs(line, expected);
        const isProved = refusal === undefined;
        demandSame(
          `a proof where ${expected.length} are expected`,
          isProved,
          isProof(line, expected),
        );
        if (refusal !== undefined) checkRefusal(refusal, line);
        return refusal?.reason ?? "proved";
      });
      return `${introduced} ${proved.join()} ${magnitude(line.length)}`;
    },
  };
}

/** A refusal is a line that tells a person something. */
function checkRefusal(refusal: HandshakeRefusal, line: ByteString): void {
  const text = formatRefusal(refusal);
  demand(
    "a refusal says why",
    /^NO [a-z ]+: [^\n]+$/.test(text) || line === "NO ",
  );
  demand("a refusal fits", text.length <= line.length + 200);
}

/**
 * hello = "HERD 4 " server " " server " " incarnation " " nonce
 */
function isIntroduction(line: string, from: readonly string[]): boolean {
  const fields = line.split(" ");
  const [verb, version, speaker, wanted, incarnation, nonce] = fields;
  return fields.length === 6 && verb === "HERD" && version === "4" &&
    from.includes(speaker) && wanted === self.name && isClient(incarnation) &&
    is32Hex(nonce);
}

function is32Hex(text: string): boolean {
  return text.length === 32 &&
    [...text].every((byte) => "0123456789abcdef".includes(byte));
}

/**
 * proof = "PROOF " ( "-" / 64HEX [ " " 64HEX ] )
 *
 * What the one of two is that is not expected does not matter.
 */
function isProof(line: string, expected: readonly string[]): boolean {
  if (expected.length === 0) return line === "PROOF -";
  const [verb, ...proofs] = line.split(" ");
  return verb === "PROOF" && proofs.length <= 2 &&
    proofs.some((proof) => expected.includes(proof)) &&
    proofs.every((proof) => proof !== "" && !proof.includes("-"));
}
