/**
 * The reader of the names in certificates, `identity/certificate_names.ts`: for
 * every input the names are those that the reference finds.
 *
 * @module
 */
import { namesOfCertificate } from "../../../identity/certificate_names.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { certificateNames } from "../reference/certificates.ts";
import { demandAlike, magnitude, type Target } from "../target.ts";

/** Longer inputs are slow, and hold no more kinds of elements. */
const maxBytes = 4096;

/** @param read The reader under test. */
export function certificatesTarget(read = namesOfCertificate): Target {
  return {
    name: "certificates",
    tokens: [
      "\x30\x80",
      "\x30\x00",
      "\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03kiw",
      "\x06\x03\x55\x04\x03",
      "\x06\x03\x55\x1d\x11",
      "\x82\x03a.b",
      "\x86\x01a",
      "\x81\x01a",
      "\x82\x81\x01a",
      "\xa3\x02\x30\x00",
      "\xa0\x03\x02\x01\x02",
      "\x84\xff\xff\xff\xff",
      "\x85",
      "\x1f",
      "\x04",
    ],
    check(input) {
      const bytes = input.slice(0, maxBytes);
      const names = read(encodeBytes(bytes));
      demandAlike("the names", names, certificateNames(bytes));
      if (names === undefined) return "none";
      const kinds = new Set(names.map((name) => name.split(":", 1)[0]));
      return `${magnitude(names.length)} ${[...kinds].join()}`;
    },
  };
}
