/**
 * The width of text on a terminal, in columns. Colours take no column, and many
 * East Asian characters take two.
 *
 * @module
 */
/** Characters that take no column: combining marks and controls. */
const narrow = /^[\p{Mn}\p{Me}\p{Cc}\p{Cf}]$/u;

/**
 * Characters that take two columns: East Asian scripts, their punctuation and
 * full-width letters, and emoji. The table of std/cli is not in its npm package.
 */
const wide =
  /^[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

/** Half-width Katakana and Hangul: `wide` matches them, but they take one. */
const halfWidth = /^[\uff61-\uffdc]$/;

/** An escape sequence for colours and other styles. */
// deno-lint-ignore no-control-regex
const colours = /\x1b\[[\d;]*m/;

/** Replaces the text that was cut off. */
const ellipsis = "…";

/** The width of a text, in columns. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of withoutColours(text)) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  if (character >= " " && character <= "~") return 1;
  if (narrow.test(character)) return 0;
  return wide.test(character) && !halfWidth.test(character) ? 2 : 1;
}

/** The text without its colours. */
export function withoutColours(text: string): string {
  return text.replaceAll(new RegExp(colours, "g"), "");
}

/**
 * The text, cut to at most this width. A text that was cut ends in an ellipsis,
 * and keeps the escape sequences of its colours.
 */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let room = columns - 1;
  let isFull = room < 0;
  let cut = "";
  for (const part of text.split(new RegExp(`(${colours.source})`))) {
    if (colours.test(part)) {
      cut += part;
      continue;
    }
    for (const character of part) {
      const width = columnsOf(character);
      if (!isFull && width > room) {
        isFull = true;
        cut += ellipsis;
      }
      if (isFull) break;
      cut += character;
      room -= width;
    }
  }
  return cut;
}

/**
 * The text in lines of at most this width, broken at spaces. A wider word is
 * broken too. The text must have no colours and no LF.
 */
export function foldToWidth(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = "";
    for (const character of word) {
      if (line !== "" && widthOf(line + character) > columns) {
        lines.push(line);
        line = "";
      }
      line += character;
    }
  }
  return [...lines, line];
}
