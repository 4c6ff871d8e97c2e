/**
 * Writes SVG exactly as `deno fmt` formats it, so that formatting does not
 * change a plot.
 *
 * @module
 */

/** An element with its children or its text. */
export interface Element {
  readonly name: string;
  readonly attributes: Attributes;
  readonly content: string | readonly Element[];
}

/** Attributes. Numbers are rounded to one decimal. */
export type Attributes = Readonly<Record<string, string | number>>;

/** Creates an element. */
export function element(
  name: string,
  attributes: Attributes,
  content: Element["content"] = [],
): Element {
  return { name, attributes, content };
}

const lineWidth = 80;

/** Formats an element with the indentation of this depth. */
export function print(
  { attributes, content, name }: Element,
  depth = 0,
): string {
  const indent = "  ".repeat(depth);
  const start = [
    `${indent}<${name}`,
    ...Object.entries(attributes).map(([key, value]) =>
      `${key}="${escape(typeof value === "number" ? short(value) : value)}"`
    ),
  ];
  if (typeof content === "string") {
    const text = name === "style" ? content : escape(content);
    return fill(start, `>${text}</${name}>`, indent);
  }
  if (content.length === 0) return fill(start, " />", indent);
  return [
    fill(start, ">", indent),
    ...content.map((child) => print(child, depth + 1)),
    `${indent}</${name}>`,
  ].join("\n");
}

/**
 * Wraps words to lines of at most 80 characters. The end is not separated from
 * the last word.
 */
function fill(words: readonly string[], end: string, indent: string): string {
  const lines = [words[0]];
  for (const [index, word] of words.entries()) {
    if (index === 0) continue;
    const isLast = index === words.length - 1;
    const line = `${lines.at(-1)} ${word}`;
    if ([...line, ...(isLast ? end : "")].length <= lineWidth) {
      lines[lines.length - 1] = line;
    } else {
      lines.push(`${indent}  ${word}`);
    }
  }
  return lines.join("\n") + end;
}

const short = (value: number) => String(Math.round(value * 10) / 10);

const escape = (text: string) =>
  text.replace(
    /[&<>"]/g,
    (character) =>
      ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]!,
  );
