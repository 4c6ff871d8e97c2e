/**
 * The first lines on a peer connection, `peers/links/handshake.ts`.
 *
 * For every line:
 *
 * - a hello is accepted if it follows docs/PROTOCOL.md byte for byte, is from a
 *   neighbour, and is to this server; then formatting it gives the same line.
 *   Otherwise there is a refusal, which is one short line;
 * - a refusal by the other side is reported with its text, and never accepted;
 * - one or two proofs, with one space between, are accepted if one of them is
 *   expected; `-` is accepted only where no proof is expected.
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
import { demand, demandSame, magnitude, type Target } from "../target.ts";

const self = { name: "Hill", incarnation: "life-1" };
const neighbours = ["Smith", "Jaquez"];

const nonce = "542c9a76367acede3e8e50a38395948d";
const proof =
  "5c40b88a2b1e0ced407df24bb427bfd69469b7e6bfdc15097da629efa70ab777";
const otherProof =
  "41bdad63d09f97572bd9856565a13223ef9191788f55820554360fbe09c99df4";

/** The proofs that servers with no secret, one and two expect. */
const expectations = [[], [proof], [proof, otherProof]];

const real = { checkAnswer, checkHello, checkProofs };

/** @param code The functions under test. */
export function handshakesTarget(code: Partial<typeof real> = {}): Target {
  const { checkAnswer, checkHello, checkProofs } = { ...real, ...code };

  function checkHelloLine(line: ByteString): string {
    const result = checkHello(line, self, neighbours);
    const isAccepted = !isRefusal(result);
    demandSame("a hello", isAccepted, isValidHello(line, neighbours));
    if (isAccepted) {
      demandSame("the hello formatted", formatHello(result), line);
    } else {
      checkRefusal(result, line);
    }
    const answer = checkAnswer(line, self, "Smith");
    demandSame(
      "an answer",
      !isRefusal(answer),
      isValidHello(line, ["Smith"]),
    );
    if (line.startsWith("NO ") && isRefusal(answer)) {
      demandSame("the reason of a refusal", answer.reason, "refused");
      demandSame("the text of a refusal", answer.detail, line.slice(3));
    }
    return isAccepted ? "a hello" : result.reason;
  }

  return {
    name: "handshakes",
    tokens: [
      "HERD 5 ",
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
      ` ${nonce} key=value`,
      " time=1",
      " a-1=~",
      " k=k=k",
    ],
    check(line) {
      // The input of a check is one line.
      if (line.includes("\n")) return "no line";
      const helloResult = checkHelloLine(line);
      const proofResults = expectations.map((expected) => {
        const refusal = checkProofs(line, expected);
        const isAccepted = refusal === undefined;
        demandSame(
          `a proof where ${expected.length} are expected`,
          isAccepted,
          isProof(line, expected),
        );
        if (refusal !== undefined) checkRefusal(refusal, line);
        return refusal?.reason ?? "proofResults";
      });
      return `${helloResult} ${proofResults.join()} ${magnitude(line.length)}`;
    },
  };
}

/** Checks that a refusal is a short line with a reason. */
function checkRefusal(refusal: HandshakeRefusal, line: ByteString): void {
  const text = formatRefusal(refusal);
  demand(
    "a refusal has a reason",
    /^NO [a-z ]+: [^\n]+$/.test(text) || line === "NO ",
  );
  demand("a refusal is short", text.length <= line.length + 200);
}

/**
 * hello = "HERD 5 " server " " server " " incarnation " " nonce *( " " field )
 * field = key "=" value
 *
 * No key occurs twice, and one field is `order=heard`.
 */
function isValidHello(line: string, from: readonly string[]): boolean {
  const fields = line.split(" ");
  const [verb, version, speaker, wanted, incarnation, nonce, ...others] =
    fields;
  const keys = others.map((field) => field.split("=")[0]);
  return fields.length >= 6 && verb === "HERD" && version === "5" &&
    from.includes(speaker) && wanted === self.name &&
    isPrintable(incarnation) &&
    is32Hex(nonce) && others.every(isHelloField) &&
    others.includes("order=heard") &&
    keys.every((key, index) => keys.indexOf(key) === index);
}

/**
 * key   = 1*32(lower-case letter / DIGIT / "-")
 * value = 1*(printable ASCII without space), and so is an incarnation
 */
function isHelloField(field: string): boolean {
  const keyEnd = field.indexOf("=");
  const [key, value] = [field.slice(0, keyEnd), field.slice(keyEnd + 1)];
  const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return keyEnd > 0 && key.length <= 32 &&
    [...key].every((byte) => allowed.includes(byte)) && isPrintable(value);
}

/** 1*(printable ASCII without space) */
function isPrintable(text: string): boolean {
  return text !== "" && [...text].every((byte) => byte > " " && byte < "\x7f");
}

function is32Hex(text: string): boolean {
  return text.length === 32 &&
    [...text].every((byte) => "0123456789abcdef".includes(byte));
}

/**
 * proof = "PROOF " ( "-" / 64HEX [ " " 64HEX ] )
 *
 * Of two proofs, one may be wrong.
 */
function isProof(line: string, expected: readonly string[]): boolean {
  if (expected.length === 0) return line === "PROOF -";
  const [verb, ...proofs] = line.split(" ");
  return verb === "PROOF" && proofs.length <= 2 &&
    proofs.some((proof) => expected.includes(proof)) &&
    proofs.every((proof) => proof !== "" && !proof.includes("-"));
}
