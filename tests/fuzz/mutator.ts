/**
 * Creates new inputs by random changes to others.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Random } from "../../runtime/random.ts";

/** Longest input, in bytes: longer than every limit on lines. */
export const maxInputBytes = 66_000;

/** Bytes that have a meaning in some language. */
const oddBytes = [..."\0\t\n\v\f\r \"'+-.0579:?AZ[\\]_az{}~\x7f"].concat(
  // Invalid UTF-8, a no-break space, parts of longer characters.
  [..."\x80\x85\xa0\xc2\xe2\xf0\xff"],
);

/** Tokens that are useful in more than one language. */
const sharedTokens = [
  " ",
  "  ",
  "\t",
  "\r",
  "\n",
  "\r\n",
  "\v",
  "\f",
  "\0",
  "\xff",
  "\xc2\xa0",
  "\xa0",
  // A byte order mark, a line separator, a zero-width space, an emoji.
  "\xef\xbb\xbf",
  "\xe2\x80\xa8",
  "\xe2\x80\x8b",
  "\xf0\x9f\x90\xac",
  "0",
  "00000000",
  "999999999999999",
  "9007199254740991",
  ".",
  "-",
  "+",
];

/** Lengths near limits and buffer sizes, in bytes. */
const edgeLengths = [16, 64, 256, 512, 1024, 4096, 65_536, 65_626];

/**
 * The probability of extending an input to such a length. Long inputs are slow.
 */
const longRunChance = 1 / 1000;

/** Usual maximum length of a removed or copied range, in bytes. */
const shortRangeBytes = 16;

/** Changes inputs at random. */
export class Mutator {
  readonly #random: Random;
  readonly #tokens: readonly ByteString[];
  readonly #changes: readonly ((text: ByteString) => ByteString)[];

  /** @param tokens Tokens of the target's language. */
  constructor(random: Random, tokens: readonly ByteString[]) {
    this.#random = random;
    this.#tokens = [...tokens, ...tokens, ...sharedTokens];
    this.#changes = [
      (text) => this.#flipBit(text),
      (text) => this.#overwrite(text, this.#byte()),
      (text) => this.#insert(text, this.#byte()),
      (text) => this.#insert(text, random.pick(this.#tokens)),
      (text) => this.#overwrite(text, random.pick(this.#tokens)),
      (text) => this.#changeDigit(text),
      (text) => this.#remove(text),
      (text) => this.#duplicate(text),
    ];
  }

  /** A changed copy of `input`, sometimes with a part of `other`. */
  mutate(input: ByteString, other: ByteString): ByteString {
    const random = this.#random;
    let text = random.chance(1 / 8) ? this.#splice(input, other) : input;
    if (random.chance(longRunChance)) text = this.#addLongRun(text);
    do {
      text = random.pick(this.#changes)(text);
    } while (random.chance(1 / 2));
    return text.slice(0, maxInputBytes);
  }

  #byte(): ByteString {
    const random = this.#random;
    return random.chance(1 / 2)
      ? random.pick(oddBytes)
      : String.fromCharCode(random.below(256));
  }

  /** A random index in a text, including its end. */
  #index(text: ByteString): number {
    return this.#random.below(text.length + 1);
  }

  /** A random range of a text, which is usually short. */
  #range(text: ByteString): [start: number, end: number] {
    const start = this.#index(text);
    const most = this.#random.chance(7 / 8) ? shortRangeBytes : text.length;
    const length = 1 + this.#random.below(most);
    return [start, Math.min(start + length, text.length)];
  }

  #flipBit(text: ByteString): ByteString {
    if (text === "") return text;
    const at = this.#random.below(text.length);
    const flipped = text.charCodeAt(at) ^ (1 << this.#random.below(8));
    return replace(text, at, at + 1, String.fromCharCode(flipped));
  }

  #insert(text: ByteString, piece: ByteString): ByteString {
    const at = this.#index(text);
    return replace(text, at, at, piece);
  }

  #overwrite(text: ByteString, piece: ByteString): ByteString {
    const at = this.#index(text);
    return replace(text, at, at + piece.length, piece);
  }

  /** Replaces the first digit at or after a random index. */
  #changeDigit(text: ByteString): ByteString {
    const digit = /[0-9]/g;
    digit.lastIndex = this.#index(text);
    const found = digit.exec(text);
    if (found === null) return text;
    const { index } = found;
    return replace(text, index, index + 1, `${this.#random.below(10)}`);
  }

  #remove(text: ByteString): ByteString {
    const [start, end] = this.#range(text);
    return replace(text, start, end, "");
  }

  #duplicate(text: ByteString): ByteString {
    const [start, end] = this.#range(text);
    return this.#insert(text, text.slice(start, end));
  }

  #splice(text: ByteString, other: ByteString): ByteString {
    return text.slice(0, this.#index(text)) + other.slice(this.#index(other));
  }

  /** Repeats a byte until the text has about one of `edgeLengths`. */
  #addLongRun(text: ByteString): ByteString {
    const length = this.#random.pick(edgeLengths) + this.#random.below(3) - 1;
    const at = this.#index(text);
    const missing = Math.max(length - text.length, 0);
    const byte = text[at] ?? this.#byte();
    return replace(text, at, at, byte.repeat(missing));
  }
}

function replace(
  text: ByteString,
  start: number,
  end: number,
  piece: ByteString,
): ByteString {
  return text.slice(0, start) + piece + text.slice(end);
}
