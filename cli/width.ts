/**
 * How wide text is on a terminal, whatever it is made of: colours take no room,
 * and many characters of the East take two columns.
 *
 * @module
 */
/** What takes no column: marks upon the character before, and controls. */
const narrow = /^[\p{Mn}\p{Me}\p{Cc}\p{Cf}]$/u;

/**
 * What takes two columns: the scripts of the East, their punctuation and full
 * width letters, and pictures. The table of std/cli is not in its npm package.
 */
const wide =
  /^[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

/** Half width forms of Katakana and Hangul, an exception. */
const halfWidth = /^[\uff61-\uffdc]$/;

/** An escape sequence that colours, and nothing else. */
// deno-lint-ignore no-control-regex
const colours = /\x1b\[[\d;]*m/;

/** Stands for what was cut off. */
const ellipsis = "…";

/** Columns that a text takes on a terminal. */
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

/** The text as it is where there are no colours. */
export function withoutColours(text: string): string {
  return text.replaceAll(new RegExp(colours, "g"), "");
}

/**
 * The text, cut to so many columns at most; then it ends in an ellipsis. Its
 * colours stay, and end where they did.
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
 * The text in lines of so many columns at most, broken at its spaces; a word
 * that is wider is broken too. The text must have no colours and no LF.
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
